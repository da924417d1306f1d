"""A table whose label probability is known, smooth or rough, and the protocol's setting on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, ndtr

from carla_genre import load_dataset
from carla_genre.blackbox import model_probability
from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier
from carla_genre.evaluation.lof import InlierTest
from carla_genre.evaluation.measure import single_precision
from carla_genre.evaluation.score import Judge
from carla_genre.protocol import Setting
from carla_genre.protocol.classifiers import train_by_name
from carla_genre.schema import Schema

N_FEATURES = 4
LOADING = 0.6  # correlation of a feature's normal score with the common factor
SLOPE = 1.5  # of the logit, a standard deviation of the features' mean
TARGET = "label"


class Kind(NamedTuple):
    """Cells a feature, the standard deviation of a cell's own part of the logit, and what h is."""

    cells: int
    roughness: float
    classifier: str


# World -> its kind. Boosting repeats the label of nearly every training row.
KNOWN = {"rough": Kind(3, 1.0, "ann"), "learned-by-heart": Kind(1, 0.0, "boosting")}


@dataclass(frozen=True)
class World:
    """Four features that share a factor; the label's logit rises with their mean, and each cell of a grid has its own.

    A feature is ``x = Phi(LOADING f + sqrt(1 - LOADING^2) e)``, uniform on (0, 1). The logit of p(y = 1 | x) is
    ``SLOPE`` times the standardised mean of the features, plus a normal number of the cell that x lies in.

    Parameters
    ----------
    name : str
        Of ``KNOWN``.
    seed : int
        Of the cells' numbers.
    """

    name: str
    seed: int

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The features' names."""
        return tuple(f"x{number}" for number in range(N_FEATURES))

    @cached_property
    def _effects(self) -> np.ndarray:
        cells, deviation, _ = KNOWN[self.name]
        random = np.random.default_rng([self.seed, cells])
        return deviation * random.standard_normal((cells,) * N_FEATURES)

    def frame(self, n: int, random: np.random.Generator) -> pd.DataFrame:
        """Draw n rows, and their labels from their probability."""
        common, own = random.standard_normal((n, 1)), random.standard_normal((n, N_FEATURES))
        rows = ndtr(LOADING * common + np.sqrt(1 - LOADING**2) * own).astype(np.float32).astype(float)
        labels = random.random(n) < self.probability(rows)
        return pd.DataFrame(rows, columns=list(self.columns)).assign(**{TARGET: labels.astype(int)})

    def probability(self, features: ArrayLike | pd.DataFrame) -> np.ndarray:
        """p(y = 1 | x) of rows (n, 4), by position or by the columns' names; NaN for a row that has a NaN."""
        rows = single_precision(features, list(self.columns), "the known world").astype(float)
        n_cells = len(self._effects)
        cell = np.clip(np.nan_to_num(rows * n_cells), 0, n_cells - 1).astype(int)
        own = self._effects[tuple(cell.T)]
        probability: np.ndarray = expit(SLOPE * (rows.mean(axis=1) - 0.5) / _SPREAD + own)
        return probability


# Of the mean of uniform features whose normal scores correlate by LOADING^2.
_SPREAD = float(np.sqrt((1 / 12 + (N_FEATURES - 1) * np.arcsin(LOADING**2 / 2) / (2 * np.pi)) / N_FEATURES))


class KnownGold(GoldClassifier):
    """The label's own probability in the place of a classifier that is fitted for it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def probability(self, features: ArrayLike | pd.DataFrame) -> np.ndarray:
        """p(y = 1) of each row, (n,)."""
        return self.world.probability(features)


def known_setting(name: str, n_rows: int, n_factuals: int, seed: int) -> Setting:
    """Rows of a known world, h trained on their labels, and new people whom h denies, whatever their label.

    Parameters
    ----------
    name : str
        Of ``KNOWN``.
    n_rows : int
        Training rows.
    n_factuals : int
        Denied people, of four times as many new rows.
    seed : int
        Of world, rows, labels and h.

    Raises
    ------
    InputError
        h denies fewer people.
    """
    kind, world, random = KNOWN[name].classifier, World(name, seed), np.random.default_rng([seed, 1])
    rows = world.frame(n_rows + 4 * n_factuals, random)
    data = load_dataset(
        rows[:n_rows],
        test=rows[n_rows:],
        target=TARGET,
        encoding_method="Identity",
        scaling_method="Identity",
        quiet=True,
    )
    mlmodel = train_by_name(kind, data, world.columns, balanced=False, seed=seed).mlmodel
    gold, features = KnownGold(world), data.df[list(world.columns)]
    judge = Judge(Schema.from_mlmodel(mlmodel), gold, InlierTest().fit(features[gold.accepts(features)]))
    test = data.df_test
    denied = test[model_probability(mlmodel, test) <= 0.5]
    if len(denied) < n_factuals:
        raise InputError(f"{n_factuals} denied people are needed, h denies {len(denied)} of {len(test)}")
    return Setting(name, seed, mlmodel, denied.iloc[:n_factuals], judge, False, classifier=kind)
