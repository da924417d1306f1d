"""What the training labels say of an answer beside h: whether it would be accepted, and lies among accepted rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import LocalOutlierFactor

from carla_genre.errors import InputError
from carla_genre.schema import Schema

TREES = 100
SMALLEST_LEAF = 5
NEIGHBOURS = 5  # those of the paper's LOF
# Sets of rows that an outlier factor is measured among: one alone hangs on which of its neighbours were let in.
NEIGHBOURHOODS = 3
# By which a line drawn at one half may lie elsewhere for a judge who has learnt from other labels.
MARGIN = 0.1
# Outlier factors beyond are all alike: far away, and in the midst of the accepted rows.
INLIER_RANGE = (-2.0, -0.8)


@dataclass(frozen=True)
class SecondOpinion:
    """A forest and local outlier factors, fitted on the training rows and their labels; h is not asked.

    The forest estimates p(y = 1 | x). An outlier factor (Breunig et al. 2000) measures how far a point lies from the
    rows that the forest accepts *out of bag*, by trees that have not seen the row: a row with a lucky label is not
    taken for its neighbours' good luck. Five neighbours decide, and which rows near the line are among them is chance:
    the line is moved for each row by chance as well, several times, and the factors' mean is taken.

    Attributes
    ----------
    forest : RandomForestClassifier
    neighbourhoods : tuple of LocalOutlierFactor
    learnt : dict of str to ndarray
        ``rows`` (n, W), their ``labels`` (n,), and which are ``accepted`` in each neighbourhood, bool (m, n) ...
    seed : int
        ... with which both can be fitted again.
    """

    forest: RandomForestClassifier
    neighbourhoods: tuple[LocalOutlierFactor, ...]
    learnt: Mapping[str, np.ndarray]
    seed: int

    @classmethod
    def fit(cls, rows: np.ndarray, labels: np.ndarray, seed: int, n_jobs: int | None = None) -> SecondOpinion:
        """Fit both.

        Parameters
        ----------
        rows : ndarray (n, W)
            Points of :func:`space`.
        labels : ndarray (n,)
            0 and 1.
        seed : int
            Of the forest.
        n_jobs : int, optional
            Trees that grow at the same time; changes no figure.

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
        forest = _forest(seed, n_jobs, oob_score=True).fit(rows, labels)
        return cls.around(forest, rows, labels, moved_lines(forest.oob_decision_function_[:, 1], seed), seed)

    @classmethod
    def again(cls, learnt: Mapping[str, np.ndarray], seed: int, n_jobs: int | None = None) -> SecondOpinion:
        """The one that has ``learnt`` this, as :meth:`fit` made it with that seed."""
        forest = _forest(seed, n_jobs).fit(learnt["rows"], learnt["labels"])
        return cls.around(forest, learnt["rows"], learnt["labels"], learnt["accepted"], seed)

    @classmethod
    def grown_in_full(
        cls, rows: np.ndarray, labels: np.ndarray, seed: int, n_jobs: int | None = None
    ) -> SecondOpinion:
        """With leaves of one row, and the rows that it accepts itself: it is sure of the labels that it has seen."""
        forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=n_jobs).fit(rows, labels)
        return cls.around(forest, rows, labels, forest.predict_proba(rows)[None, :, 1] > 0.5, seed)

    @classmethod
    def around(
        cls,
        forest: RandomForestClassifier,
        rows: np.ndarray,
        labels: np.ndarray,
        accepted: np.ndarray,
        seed: int,
    ) -> SecondOpinion:
        """Of a forest and which rows are ``accepted`` in each neighbourhood, bool (m, n); of too few, label 1's."""
        few = accepted.sum(axis=1) <= NEIGHBOURS
        if few.any() and (labels == 1).sum() <= NEIGHBOURS:
            raise InputError(
                f"selection 'expected' needs more than {NEIGHBOURS} training rows of label 1, there are "
                f"{(labels == 1).sum()}: choose by 'cheapest' or 'validity'"
            )
        accepted = np.where(few[:, None], labels == 1, accepted)
        neighbourhoods = tuple(
            LocalOutlierFactor(n_neighbors=NEIGHBOURS, novelty=True).fit(rows[of_one]) for of_one in accepted
        )
        return cls(forest, neighbourhoods, {"rows": rows, "labels": labels, "accepted": accepted}, seed)

    def validity(self, points: np.ndarray) -> np.ndarray:
        """The forest's p(y = 1) of points (n, W): (n,)."""
        return self.forest.predict_proba(points)[:, 1]

    def inlier(self, points: np.ndarray) -> np.ndarray:
        """Minus the mean local outlier factor of points (n, W): (n,), near -1 among accepted rows, below -1.5 away."""
        factors = [one.score_samples(points).clip(*INLIER_RANGE) for one in self.neighbourhoods]
        return np.mean(factors, axis=0)


def moved_lines(probability: np.ndarray, seed: int) -> np.ndarray:
    """Which rows are accepted when the line is moved by chance for each of p(y = 1) (n,): bool (m, n)."""
    moved = np.random.default_rng(seed).normal(0.0, MARGIN, (NEIGHBOURHOODS, len(probability)))
    return probability + moved > 0.5


def space(schema: Schema, values: np.ndarray) -> np.ndarray:
    """Encoded rows (n, D) as points (n, W), single precision: a changed category is a step of length 1.

    A continuous value and a category of two levels keep their number; one of more levels becomes a corner of a
    simplex, so that none of its levels lies between others.
    """
    parts = []
    for position, feature in enumerate(schema.features):
        column = values[:, position]
        if feature.levels is None or len(feature.levels) <= 2:
            parts.append(column[:, None])
        else:
            parts.append((column[:, None] == np.arange(len(feature.levels))) / np.sqrt(2))
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _forest(seed: int, n_jobs: int | None, oob_score: bool = False) -> RandomForestClassifier:
    return RandomForestClassifier(
        TREES, min_samples_leaf=SMALLEST_LEAF, oob_score=oob_score, random_state=seed, n_jobs=n_jobs
    )
