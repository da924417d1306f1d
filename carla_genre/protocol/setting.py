"""The paper's protocol: data -> gold classifier -> drawn labels -> h -> denied rows.

    setting = prepare("compas", seed=42)
    method = GenRe(setting.mlmodel)
    scores = setting.score(method.get_counterfactuals(setting.factuals))

The gold classifier and the test rows belong to the judge; a method is given ``setting.mlmodel`` and
``setting.factuals`` only. One seed moves the labels, h, and the rows; the gold classifier stays.
"""

from __future__ import annotations

import copy
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import pandas as pd

from carla_genre.blackbox import model_probability
from carla_genre.datasets.names import whole_number
from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier, draw_labels
from carla_genre.evaluation.judges.gold_kinds import PAPER_GOLD, check_gold, gold_of
from carla_genre.evaluation.lof import InlierTest
from carla_genre.evaluation.score import Judge, Scores
from carla_genre.io import at_home
from carla_genre.protocol.cache import content_key, kept, remembered
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER, Trained, check_classifier, train_by_name
from carla_genre.protocol.data import (
    OwnTable,
    flipped,
    input_columns,
    is_balanced,
    load_protocol_data,
    relabel,
    with_train_rows,
)
from carla_genre.schema import Schema

from carla.models.api import MLModel

if TYPE_CHECKING:
    from carla_genre.datasets.catalog import FrameCatalog

GOLD_SEED = 42


@dataclass(frozen=True)
class Setting:
    """One seed of the protocol, ready to measure methods on.

    Attributes
    ----------
    name, seed
        Of the data set, and of labels, h and rows.
    mlmodel : MLModel
        h; ``mlmodel.data`` has the drawn labels.
    factuals : DataFrame
        The denied test rows, encoded, with the target column.
    judge : Judge
        The gold classifier and the test for inliers.
    balanced : bool
        Whether h was trained with balanced sample weights.
    checks : dict
        Counts of rows and of features, positive rates before and after the draw, the accuracy of h, denied test rows.
    seconds : dict
        Seconds that training ``gold`` and ``h`` took, also where they come from the cache.
    classifier : str
        What h is.
    """

    name: str
    seed: int
    mlmodel: MLModel
    factuals: pd.DataFrame
    judge: Judge
    balanced: bool
    checks: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    classifier: str = PAPER_CLASSIFIER

    @property
    def data(self) -> FrameCatalog:
        """The data behind h."""
        return cast("FrameCatalog", self.mlmodel.data)

    def with_share(self, share: float) -> MLModel:
        """The classifier h with a share of the train rows, as the paper's table 13 gives it to a method.

        Parameters
        ----------
        share : float
            In (0, 1]; the rows are drawn with the setting's seed. h itself stays the one that learnt all of them, and
            so do the factuals and the judge. The smaller shares are part of the larger ones; a row is always kept.

        Raises
        ------
        InputError
            The share is outside of its range.
        """
        if not 0 < share <= 1:
            raise InputError(f"share must be above 0 and at most 1, got {share:g}")
        train = self.data.df_train
        drawn = np.random.default_rng(self.seed).permutation(len(train))[: max(1, round(share * len(train)))]
        part = copy.copy(self.mlmodel)
        part.data = with_train_rows(self.data, train.iloc[np.sort(drawn)])
        return part

    @property
    def gold(self) -> GoldClassifier:
        """The gold classifier; no method may see it."""
        return self.judge.gold

    def score(self, counterfactuals: pd.DataFrame) -> Scores:
        """Cost, Val, LOF and Score of a method's answers to ``factuals``."""
        return self.judge.score(self.factuals, counterfactuals)


def prepare(
    data: str | OwnTable,
    seed: int = 42,
    n_factuals: int = 200,
    root: str | os.PathLike[str] | None = None,
    verbose: bool = False,
    rows: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    classifier: str = PAPER_CLASSIFIER,
    label_noise: float = 0.0,
    gold: str = PAPER_GOLD,
) -> Setting:
    """Run the protocol up to the rows to answer.

    Parameters
    ----------
    data : str or OwnTable
        Data set, as :func:`carla_genre.protocol.data.load_protocol_data` takes it.
    seed : int
        Of the drawn labels, of h (its initial weights, or its random state) and of the rows.
    n_factuals : int
        Denied test rows (h <= .5), drawn without replacement.
    root : path, optional
        Folder of CARLA's CSVs.
    verbose : bool
        Show bars.
    rows : int, optional
        At most so many train rows; see :func:`carla_genre.protocol.data.load_protocol_data`.
    cache : path, optional
        Folder of the gold classifiers and of h, by content (:mod:`carla_genre.protocol.cache`).
    classifier : {"ann", "linear", "forest", "boosting"} or "module:function"
        What h is, the paper's network by default; see :func:`carla_genre.protocol.classifiers.train_by_name`.
    label_noise : float
        Share of the drawn train labels that are flipped before h and the methods see them, in [0, .5); the test labels
        and the judges stay.
    gold : {"forest", "boosting", "network"}
        The gold classifier: the paper's calibrated forest, or another kind, so that a method that chooses by a forest
        is not judged by one (:mod:`carla_genre.evaluation.judges.gold_kinds`).

    Returns
    -------
    Setting
        Gold classifier and h are kept in this process, so that the same call again is quick.

    Raises
    ------
    InputError
        An argument is wrong, or h denies too few test rows.
    """
    seed, n_factuals = whole_number(seed, "seed"), whole_number(n_factuals, "n_factuals", 1)
    cache = None if cache is None else at_home(cache)
    check_classifier(classifier)
    check_gold(gold)
    catalog = load_protocol_data(data, root, rows)
    trained = _gold(catalog, gold, cache)
    balanced = is_balanced(data)
    checks = _draw_again(catalog, trained.probability, seed, label_noise)
    mlmodel, h_seconds = _classifier(catalog, classifier, balanced, seed, cache, verbose)
    test = mlmodel.data.df_test
    accepted = model_probability(mlmodel, test) > 0.5
    denied = test.index[~accepted]
    name = data.name if isinstance(data, OwnTable) else data
    if len(denied) < n_factuals:
        raise InputError(
            f"{name}: {n_factuals} denied test rows are needed, h denies {len(denied)} of {len(test)}; "
            "lower n_factuals"
        )
    chosen = np.random.RandomState(seed).choice(denied, n_factuals, replace=False)
    schema = Schema.from_mlmodel(mlmodel)
    judge = Judge(schema, trained.gold, trained.inliers)
    checks |= {
        "test accuracy of h": float((accepted == test[catalog.target]).mean()),
        "features": len(schema.features),
        "categorical features": int(schema.categorical.sum()),
        "immutable features": int(schema.immutable.sum()),
        "denied test rows": len(denied),
    }
    seconds = {"gold": trained.seconds, "h": h_seconds}
    return Setting(name, seed, mlmodel, test.loc[chosen], judge, balanced, checks, seconds, classifier)


class _Gold(NamedTuple):
    """The judge's part: what is fitted on all rows and their original labels."""

    gold: GoldClassifier
    inliers: InlierTest
    probability: np.ndarray  # (train rows + test rows,)
    seconds: float


def _gold(data: FrameCatalog, kind: str, folder: str | os.PathLike[str] | None) -> _Gold:
    """Fit the gold classifier on the original labels, and LOF on the rows that it accepts."""
    rows = pd.concat([data.df_train, data.df_test])
    features = rows[input_columns(data)]

    def fit() -> _Gold:
        start = time.perf_counter()
        gold = gold_of(kind, GOLD_SEED).fit(features, rows[data.target])
        probability = gold.probability(features)
        inliers = InlierTest().fit(features[probability > 0.5])
        return _Gold(gold, inliers, probability, time.perf_counter() - start)

    paper = kind == PAPER_GOLD
    key = content_key(*(("gold",) if paper else ("other-gold", kind)), rows, data.target, GOLD_SEED)
    return remembered(key, lambda: kept(folder, key, fit))


def _draw_again(data: FrameCatalog, probability: np.ndarray, seed: int, noise: float) -> dict[str, float]:
    """Replace the labels, of the train rows and then of the test rows, by draws; say what that changed."""
    train, test = data.df_train, data.df_test
    drawn = draw_labels(probability, seed)
    learnt = flipped(drawn[: len(train)], noise, seed)
    relabel(data, learnt, drawn[len(train) :])
    return {
        "train rows": len(train),
        "test rows": len(test),
        "positive rate before": float(train[data.target].mean()),
        "positive rate after": float(learnt.mean()),
    }


def _classifier(
    data: FrameCatalog,
    name: str,
    balanced: bool,
    seed: int,
    folder: str | os.PathLike[str] | None,
    verbose: bool,
) -> Trained:
    """Train h on the drawn labels."""

    def make() -> Trained:
        return train_by_name(name, data, input_columns(data), balanced, seed, folder, verbose=verbose)

    # The roles count as well: what is remembered has the data with it.
    roles = [data.name, data.target, data.immutables, data.continuous, str(data.constraints)]
    return remembered(content_key("h", data.df_train, data.df_test, roles, balanced, seed, name), make)
