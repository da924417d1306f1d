"""Gold classifiers of other kinds than the paper's forest."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight

from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier
from carla_genre.suggestions import did_you_mean

PAPER_GOLD = "forest"
FOLDS = 5


class WeightedNetwork(MLPClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """A network that learns rows drawn by their weights; scikit-learn's takes weights from version 1.7 on only."""

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> WeightedNetwork:
        """Fit on as many rows, drawn with replacement."""
        rows, labels = np.asarray(X), np.asarray(y)
        if sample_weight is not None:
            share = np.asarray(sample_weight, dtype=float)
            random = np.random.RandomState(self.random_state)
            drawn = random.choice(len(rows), len(rows), p=share / share.sum())
            rows, labels = rows[drawn], labels[drawn]
        super().fit(rows, labels)
        return self


def _network(seed: int) -> ClassifierMixin:
    """Wider than the protocol's h, and stopped early, so that it is another function than h."""
    return WeightedNetwork((64, 64), early_stopping=True, max_iter=60, random_state=seed)


# Name -> the classifier of a random state, before it is calibrated.
OTHERS: Mapping[str, Callable[[int], ClassifierMixin]] = {
    "boosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
    "network": _network,
}
GOLD_KINDS = (PAPER_GOLD, *OTHERS)


class OtherGold(GoldClassifier):
    """Boosted trees, or a network, with isotonic calibration; otherwise as :class:`GoldClassifier`.

    Parameters
    ----------
    kind : {"boosting", "network"}
    seed : int
        Its random state, and that of the rows that the network learns from.
    """

    def __init__(self, kind: str, seed: int = 42) -> None:
        super().__init__(seed)
        self.kind = kind

    def fit(self, features: ArrayLike | pd.DataFrame, labels: ArrayLike) -> OtherGold:
        """Fit on encoded rows, train and test pooled, with balanced sample weights.

        Parameters and errors are those of :meth:`GoldClassifier.fit`.
        """
        target = np.asarray(labels).astype(float)
        counts = [int((target == value).sum()) for value in (0, 1)]
        if sum(counts) < len(target) or min(counts) < FOLDS:
            raise InputError(
                f"the gold classifier needs labels 0 and 1, {FOLDS} rows of each or more, got {counts} and "
                f"{len(target) - sum(counts)} others"
            )
        self._columns = list(features.columns) if isinstance(features, pd.DataFrame) else None
        rows, weight = self._matrix(features), compute_sample_weight("balanced", target)
        self._model = CalibratedClassifierCV(OTHERS[self.kind](self.seed), method="isotonic", cv=FOLDS)
        self._model.fit(rows, target, sample_weight=weight)
        return self


def gold_of(kind: str, seed: int) -> GoldClassifier:
    """The untrained gold classifier of one of ``GOLD_KINDS``; InputError for another name."""
    check_gold(kind)
    return GoldClassifier(seed) if kind == PAPER_GOLD else OtherGold(kind, seed)


def check_gold(kind: str) -> None:
    """Raise InputError unless it is one of ``GOLD_KINDS``."""
    if kind not in GOLD_KINDS:
        raise InputError(
            f"no gold classifier {kind!r}.{did_you_mean(str(kind), GOLD_KINDS)} There are {list(GOLD_KINDS)}"
        )
