"""The paper's protocol: data -> gold classifier -> drawn labels -> h -> denied rows.

    setting = prepare("compas", seed=42)
    method = GenRe(setting.mlmodel)
    scores = setting.score(method.get_counterfactuals(setting.factuals))

The gold classifier and the test rows are the judge's; a method is given ``setting.mlmodel`` and
``setting.factuals`` only. One seed moves the labels, h, and the rows; the gold classifier stays.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier, draw_labels
from carla_genre.evaluation.lof import InlierTest
from carla_genre.evaluation.score import Judge, Scores
from carla_genre.protocol.classifier import ProtocolClassifier, train_classifier
from carla_genre.protocol.data import BALANCED, input_columns, load_protocol_data, relabel
from carla_genre.schema import Schema

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
    mlmodel : ProtocolClassifier
        h; ``mlmodel.data`` has the drawn labels.
    factuals : DataFrame
        The denied test rows, encoded, with the target column.
    judge : Judge
        The gold classifier and the test for inliers.
    checks : dict
        Positive rates before and after the draw, the accuracy of h, denied test rows.
    seconds : dict
        Seconds for ``gold`` and ``h``.
    """

    name: str
    seed: int
    mlmodel: ProtocolClassifier
    factuals: pd.DataFrame
    judge: Judge
    checks: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def data(self) -> FrameCatalog:
        """The data behind h."""
        return self.mlmodel.data

    @property
    def gold(self) -> GoldClassifier:
        """The gold classifier; no method may see it."""
        return self.judge.gold

    def score(self, counterfactuals: pd.DataFrame) -> Scores:
        """Cost, Val, LOF and Score of a method's answers to ``factuals``."""
        return self.judge.score(self.factuals, counterfactuals)


def prepare(
    name: str,
    seed: int = 42,
    n_factuals: int = 200,
    root: str | os.PathLike[str] | None = None,
    verbose: bool = False,
) -> Setting:
    """Run the protocol up to the rows to answer.

    Parameters
    ----------
    name : {"adult", "compas", "heloc"}
        Data set.
    seed : int
        Of the drawn labels, the initial weights of h and the rows.
    n_factuals : int
        Denied test rows (h <= .5), drawn without replacement.
    root : path, optional
        Folder of CARLA's CSVs.
    verbose : bool
        Show bars.

    Returns
    -------
    Setting
        Gold classifier and h are kept in this process, so that the same call again is quick.
    """
    folder = None if root is None else os.fspath(root)
    gold, inliers, gold_seconds = _gold(name, folder)
    mlmodel, checks, h_seconds = _classifier(name, seed, folder, verbose)
    test = mlmodel.data.df_test
    denied = test.index[mlmodel.predict(test)[:, 0] <= 0.5]
    if len(denied) < n_factuals:
        raise InputError(f"{name}: {n_factuals} denied test rows asked for, h denies {len(denied)}")
    chosen = np.random.RandomState(seed).choice(denied, n_factuals, replace=False)
    judge = Judge(Schema.from_mlmodel(mlmodel), gold, inliers)
    checks = {**checks, "denied test rows": len(denied)}
    return Setting(
        name, seed, mlmodel, test.loc[chosen], judge, checks, {"gold": gold_seconds, "h": h_seconds}
    )


@lru_cache(maxsize=8)
def _gold(name: str, root: str | None) -> tuple[GoldClassifier, InlierTest, float]:
    """Fit the gold classifier on the original labels, and LOF on the rows that it accepts."""
    start = time.perf_counter()
    data = load_protocol_data(name, root)
    rows = pd.concat([data.df_train, data.df_test])
    features = rows[input_columns(data)]
    gold = GoldClassifier(GOLD_SEED).fit(features, rows[data.target])
    inliers = InlierTest().fit(features[gold.accepts(features)])
    return gold, inliers, time.perf_counter() - start


@lru_cache(maxsize=8)
def _classifier(
    name: str, seed: int, root: str | None, verbose: bool
) -> tuple[ProtocolClassifier, dict[str, float], float]:
    """Draw the labels again and train h on them."""
    data = load_protocol_data(name, root)
    gold = _gold(name, root)[0]
    train, test = data.df_train, data.df_test
    drawn = draw_labels(gold.probability(pd.concat([train, test])), seed)
    checks = {
        "train rows": len(train),
        "test rows": len(test),
        "positive rate before": float(train[data.target].mean()),
        "positive rate after": float(drawn[: len(train)].mean()),
    }
    relabel(data, drawn[: len(train)], drawn[len(train) :])
    start = time.perf_counter()
    mlmodel = train_classifier(data, input_columns(data), BALANCED[name], seed, verbose=verbose)
    seconds = time.perf_counter() - start
    predicted = mlmodel.predict(data.df_test)[:, 0] > 0.5
    checks["test accuracy of h"] = float((predicted == data.df_test[data.target]).mean())
    return mlmodel, checks, seconds
