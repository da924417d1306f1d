"""A surrogate of the judge, fitted on the training labels: would an answer be accepted, and is it an inlier."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from carla_genre.errors import InputError
from carla_genre.schema import Relaxation, Schema
from carla_genre.selection.forest import Forest
from carla_genre.selection.outlier_factors import OutlierFactors

TREES = 50  # of a judge; a forest that is grown in full has twice as many
SMALLEST_LEAF = 5
NEIGHBOURS = 5  # the paper's LOF
# Outlier factors whose mean is taken. One alone depends on which of a point's neighbours count as accepted.
NEIGHBOURHOODS = 3
# Standard deviation of the threshold 1/2: a judge who learned from other labels has another one.
MARGIN = 0.1
# Outlier factors are clipped to this range: beyond it all points are equally far away, or equally central.
INLIER_RANGE = (-2.0, -0.8)


class SurrogateJudge:
    """A forest and local outlier factors, fitted on training rows and their labels. h is not asked.

    The forest estimates p(y = 1 | x). The outlier factor (Breunig et al. 2000) tells how far a point lies from the
    rows that the forest accepts *out of bag*: only trees that have not seen a row decide about it, so that a lucky
    label counts for nothing. Five neighbours decide, and near the threshold chance decides which rows are among them.
    Therefore the threshold of each row is moved at random, several times, and the mean of the factors is taken.

    Parameters
    ----------
    rows : ndarray (n, W)
        Points of :func:`points_of`.
    labels : ndarray (n,)
        0 and 1.
    accepted : ndarray (m, n), bool
        The rows that each of the m outlier factors is measured among. Where these are too few, those of label 1.
    seed : int
        Of the forest.
    n_jobs : int, optional
        Trees that grow at the same time; changes no figure.
    forest : callable, optional
        Points (m, W) -> p(y = 1), (m,). Without it the forest is grown when it is first needed.

    Raises
    ------
    InputError
        There are too few accepted rows.
    """

    def __init__(
        self,
        rows: np.ndarray,
        labels: np.ndarray,
        accepted: np.ndarray,
        seed: int,
        n_jobs: int | None = None,
        forest: Any = None,
    ) -> None:
        few = accepted.sum(axis=1) <= NEIGHBOURS
        if few.any() and (labels == 1).sum() <= NEIGHBOURS:
            raise InputError(
                f"selection 'expected' needs more than {NEIGHBOURS} training rows of label 1, there are "
                f"{(labels == 1).sum()}: choose by 'cheapest' or 'validity'"
            )
        self.rows, self.labels, self.seed, self.n_jobs = rows, labels, seed, n_jobs
        self.accepted = np.where(few[:, None], labels == 1, accepted)
        if forest is not None:
            self.forest = forest

    @classmethod
    def fit(
        cls, rows: np.ndarray, labels: np.ndarray, seed: int, n_jobs: int | None = None
    ) -> SurrogateJudge:
        """Fit both on rows (n, W) and their labels (n,).

        Raises
        ------
        InputError
            There are rows of one label only, or too few that look like label 1.
        """
        if len(np.unique(labels)) < 2:
            raise InputError(
                "selection 'expected' learns from labels 0 and 1, and the training data have one of them only: "
                "choose by 'cheapest' or 'validity'"
            )
        forest = Forest(rows, labels, TREES, SMALLEST_LEAF, seed, n_jobs)
        accepted = above_moved_thresholds(forest.out_of_bag(), seed)
        return cls(rows, labels, accepted, seed, n_jobs, forest)

    @classmethod
    def grown_in_full(
        cls, rows: np.ndarray, labels: np.ndarray, seed: int, n_jobs: int | None = None
    ) -> tuple[SurrogateJudge, np.ndarray]:
        """Leaves of one row, and outlier factors among the rows that the forest accepts: no label is doubted.

        Returns the judge, and its p(y = 1) of the rows, (n,).
        """
        forest = Forest(rows, labels, 2 * TREES, 1, seed, n_jobs)
        probability = forest(rows)
        return cls(rows, labels, probability[None] > 0.5, seed, n_jobs, forest), probability

    @cached_property
    def forest(self) -> Any:
        """P(y = 1 | x) of points (m, W): (m,)."""
        return Forest(self.rows, self.labels, TREES, SMALLEST_LEAF, self.seed, self.n_jobs)

    @cached_property
    def outlier_factors(self) -> OutlierFactors:
        """Among the m sets of accepted rows."""
        return OutlierFactors(self.rows, self.accepted, NEIGHBOURS)

    def validity(self, points: np.ndarray) -> np.ndarray:
        """p(y = 1) of points (n, W): (n,)."""
        probability: np.ndarray = self.forest(points)
        return probability

    def inlier(self, points: np.ndarray) -> np.ndarray:
        """Minus the mean outlier factor of points (n, W): (n,); near -1 among accepted rows, below -1.5 away."""
        return _inlier(self.outlier_factors(points))

    def inlier_of_rows(self) -> np.ndarray:
        """The same of its own rows (n,), each among the others."""
        return _inlier(self.outlier_factors.own)

    def arrays(self) -> dict[str, np.ndarray]:
        """What an equal judge is made of, beside the seed."""
        return {"rows": self.rows, "labels": self.labels, "accepted": self.accepted}


def _inlier(factors: np.ndarray) -> np.ndarray:
    mean: np.ndarray = (-factors).clip(*INLIER_RANGE).mean(axis=0)
    return mean


def above_moved_thresholds(probability: np.ndarray, seed: int) -> np.ndarray:
    """Which rows are accepted by thresholds that are moved at random for each p(y = 1) (n,): bool (m, n)."""
    moved = np.random.default_rng(seed).normal(0.0, MARGIN, (NEIGHBOURHOODS, len(probability)))
    return probability + moved > 0.5


def points_of(schema: Schema, values: np.ndarray) -> np.ndarray:
    """Encoded rows (n, D) as points (n, W), single precision: a changed category is a step of length 1.

    A category of more than two levels becomes a corner of a simplex, so that no level lies between others.
    """
    return as_points(Relaxation(schema), values)


def as_points(relaxation: Relaxation, values: np.ndarray) -> np.ndarray:
    """:func:`points_of` by a relaxation that is at hand."""
    return (relaxation.encode(values) * np.where(relaxation.one_hot, 1 / np.sqrt(2), 1.0)).astype(np.float32)
