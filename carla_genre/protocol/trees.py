"""h of trees: a forest or boosted trees, instead of the paper's network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from carla_genre.protocol.classifier import EncodedClassifier, class_weights

# Grown to the last leaf, as by default, a forest repeats the drawn label of 95 to 100 of 100 training rows, and a
# method that learns from these would take chance for knowledge. At depth 8 its accuracy on test rows is as high (COMPAS
# .70, HELOC .81, Adult .79; Adult's loses .01), and on training rows only .01 to .06 higher.
FOREST_DEPTH = 8

# Name -> the untrained classifier of a random state.
TREES: Mapping[str, Callable[[int], ClassifierMixin]] = {
    "forest": lambda seed: RandomForestClassifier(max_depth=FOREST_DEPTH, random_state=seed),
    "boosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
}


class SklearnClassifier(EncodedClassifier):
    """A classifier of scikit-learn's; it has no gradient."""

    @property
    def backend(self) -> str:
        return "sklearn"

    def predict_proba(self, x: Any) -> np.ndarray:
        """(B, 2), an array."""
        if isinstance(x, pd.DataFrame):
            x = self.get_ordered_features(x)
        return self._model.predict_proba(np.asarray(x, dtype=np.float32))


def fit_trees(name: str, data: Any, columns: Sequence[str], balanced: bool, seed: int) -> ClassifierMixin:
    """Train on ``data.df_train``.

    Parameters
    ----------
    name : {"forest", "boosting"}
        A RandomForestClassifier of depth 8, or a HistGradientBoostingClassifier; else scikit-learn's defaults.
    data, columns, balanced
        As :func:`carla_genre.protocol.classifier.fit_network` takes them.
    seed : int
        The random state.
    """
    train = data.df_train
    labels = train[data.target].to_numpy()
    # Single precision, as a forest splits it and as networks take it.
    features = train[list(columns)].to_numpy(dtype=np.float32)
    return TREES[name](seed).fit(features, labels, sample_weight=class_weights(labels, balanced))
