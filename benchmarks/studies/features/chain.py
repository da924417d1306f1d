"""Data of any number of features whose density and label probability are known exactly.

Features come in blocks of five, which share a factor, as the answers to one part of a questionnaire do; the factors are
a chain. So a feature tells most of its own block, something of the next, and little of one far away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr, ndtri

from carla_genre.errors import InputError
from carla_genre.evaluation.measure import single_precision

BLOCK = 5
LOADING = 0.85  # correlation of a feature's normal score with its block's factor
NEXT = 0.7  # correlation of a factor with the one before it
STEEPNESS = 3.0  # standard deviation of the label's logit
N_IMMUTABLE = 2
GRID = np.linspace(-5.0, 5.0, 81)  # of a factor, to integrate over it
TARGET = "label"


@dataclass(frozen=True)
class Chain:
    """The model: factors, features and label.

    The factor of block b is ``f_b = NEXT f_{b-1} + sqrt(1 - NEXT^2) e``, each standard normal. A feature's score is
    ``g = +-LOADING f_b + sqrt(1 - LOADING^2) e``. The first four of a block are continuous, ``x = Phi(g)``, uniform on
    (0, 1); the fifth is binary, ``x = [g > 0]``. The binary ones of the first two blocks are immutable. The label's
    logit is a sum over the first feature of every block, scaled to one standard deviation at any d, so that the
    problem does not become easier with more features.

    Parameters
    ----------
    n_features : int
        d, a multiple of five and at least ten.
    """

    n_features: int

    def __post_init__(self) -> None:
        if self.n_features < 2 * BLOCK or self.n_features % BLOCK:
            raise InputError(
                f"features come in blocks of {BLOCK}, two or more of them; {self.n_features} asked for"
            )

    @property
    def n_blocks(self) -> int:
        """Blocks of features."""
        return self.n_features // BLOCK

    @cached_property
    def binary(self) -> np.ndarray:
        """Which features are binary, bool (d,)."""
        binary: np.ndarray = np.arange(self.n_features) % BLOCK == BLOCK - 1
        return binary

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features' names, ``block3_feature1``."""
        return tuple(f"block{j // BLOCK}_feature{j % BLOCK}" for j in range(self.n_features))

    @property
    def immutables(self) -> tuple[str, ...]:
        """The features that recourse must not change."""
        return tuple(self.names[place] for place in np.flatnonzero(self.binary)[:N_IMMUTABLE])

    def rows(self, n: int, random: np.random.Generator) -> np.ndarray:
        """Draw rows: (n, d), single precision's values, as a classifier's and a judge's frames have them."""
        factors = np.empty((n, self.n_blocks))
        factors[:, 0] = random.standard_normal(n)
        for block in range(1, self.n_blocks):
            step = random.standard_normal(n)
            factors[:, block] = NEXT * factors[:, block - 1] + np.sqrt(1 - NEXT**2) * step
        noise = random.standard_normal((n, self.n_features))
        score = np.repeat(factors, BLOCK, axis=1) * self._loadings + np.sqrt(1 - LOADING**2) * noise
        drawn: np.ndarray = np.where(self.binary, score > 0, ndtr(score)).astype(np.float32).astype(float)
        return drawn

    def frame(self, n: int, seed: int) -> pd.DataFrame:
        """Draw rows with labels drawn from their probability: (n, d + 1)."""
        random = np.random.default_rng(seed)
        rows = self.rows(n, random)
        labels = random.random(n) < self.probability(rows)
        return pd.DataFrame(rows, columns=list(self.names)).assign(**{TARGET: labels.astype(int)})

    def probability(self, features: np.ndarray | pd.DataFrame) -> np.ndarray:
        """p(y = 1 | x) of rows (n, d), by position or by the columns' names; NaN for a row that has a NaN.

        What the protocol's gold classifier is fitted for, here exact: a judge takes this model in its place.
        """
        rows = single_precision(features, list(self.names), "the known model").astype(float)
        probability: np.ndarray = expit(STEEPNESS * (rows[:, ::BLOCK] - 0.5).sum(axis=1) / self._spread)
        return probability

    def log_density(self, features: np.ndarray | pd.DataFrame) -> np.ndarray:
        """Logarithm of p(x) of rows (n, d), the factors integrated out block by block on a grid: (n,).

        It is taken in the features' normal scores (g for a continuous one), in which no margin has a bound.
        """
        rows = single_precision(features, list(self.names), "the known model").astype(float)
        start = np.exp(-(GRID**2) / 2)
        width = np.sqrt(1 - NEXT**2)
        move = np.exp(-(((GRID[None, :] - NEXT * GRID[:, None]) / width) ** 2) / 2)
        move /= move.sum(axis=1, keepdims=True)
        belief, total = np.tile(start / start.sum(), (len(rows), 1)), np.zeros(len(rows))
        for block in range(self.n_blocks):
            part = slice(block * BLOCK, (block + 1) * BLOCK)
            logs = self._log_likelihood(rows[:, part], self.binary[part], self._loadings[part])
            peak = logs.max(axis=1, keepdims=True)
            joint = belief * np.exp(logs - peak)
            mass = joint.sum(axis=1, keepdims=True)
            total += (np.log(mass) + peak)[:, 0]
            belief = (joint / mass) @ move
        return total

    @staticmethod
    def _log_likelihood(rows: np.ndarray, binary: np.ndarray, loadings: np.ndarray) -> np.ndarray:
        """Of a block's features at each value of its factor: (n, BLOCK) -> (n, len(GRID))."""
        deviation = np.sqrt(1 - LOADING**2)
        total = np.zeros((len(rows), len(GRID)))
        for column, is_binary, loading in zip(rows.T, binary, loadings, strict=True):
            mean = loading * GRID
            if is_binary:
                sides = np.log(ndtr(np.stack([-mean, mean]) / deviation))  # of 0 and of 1
                total += sides[column.astype(int)]
            else:
                score = ndtri(np.clip(column, 1e-7, 1 - 1e-7))
                standard = (score[:, None] - mean) / deviation
                total += -(standard**2) / 2 - np.log(deviation * np.sqrt(2 * np.pi))
        return total

    @cached_property
    def _loadings(self) -> np.ndarray:
        """LOADING with the sign that alternates within a block, (d,)."""
        place = np.arange(self.n_features) % BLOCK
        return np.where(place % 2, -LOADING, LOADING)

    @cached_property
    def _spread(self) -> float:
        """Standard deviation of the sum over the blocks' first features."""
        apart = np.abs(np.subtract.outer(np.arange(self.n_blocks), np.arange(self.n_blocks)))
        correlation = LOADING**2 * NEXT**apart
        np.fill_diagonal(correlation, 1.0)
        # Of uniform margins of normal scores: the covariance is asin(r / 2) / (2 pi).
        return float(np.sqrt((np.arcsin(correlation / 2) / (2 * np.pi)).sum()))
