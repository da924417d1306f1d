"""The expected Score of a candidate, and the best candidates by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from carla_genre.causal import Consequences
from carla_genre.schema import Relaxation, Schema
from carla_genre.selection.calibration import Calibration
from carla_genre.selection.distinct_rows import DistinctRows
from carla_genre.selection.surrogate import INLIER_RANGE, SurrogateJudge, as_points

# Candidates whose outlier factors are asked for at once, where few factuals are left; it changes no answer.
AT_ONCE = 256
# Indices (m,), (m,) of candidates (B, N) -> P(inlier) of each.
Inlier = Callable[[tuple[np.ndarray, np.ndarray]], np.ndarray]


class ScoredAnswers(NamedTuple):
    """Answers (..., D) with h and the expected figures of each (...); NaN for a failure.

    ``validity`` and ``inlier`` are probabilities; ``score`` is their sum less cost / D.
    """

    answers: np.ndarray
    h: np.ndarray
    validity: np.ndarray
    inlier: np.ndarray
    score: np.ndarray

    def best(self) -> ScoredAnswers:
        """Of (B, K, ...), the one of the highest score for each factual: (B, ...)."""
        rows, best = np.arange(len(self.score)), np.nan_to_num(self.score, nan=-np.inf).argmax(axis=1)
        return ScoredAnswers(*(part[rows, best] for part in self))

    def reshape(self, *shape: int) -> ScoredAnswers:
        """The same under other leading axes."""
        n_axes = self.score.ndim
        return ScoredAnswers(*(part.reshape(*shape, *part.shape[n_axes:]) for part in self))


@dataclass(frozen=True)
class ExpectedScore:
    """E[Score] of an answer x+ to x: P(valid | x+) + P(inlier | x+) - cost(x, x+) / D, the paper's three terms.

    Attributes
    ----------
    schema : Schema
    judge : SurrogateJudge
        Its numbers of an answer ...
    calibration : Calibration
        ... and the probabilities that they stand for.
    h : callable
        Encoded rows (..., D) -> h's scores (...). What h refuses, h <= .5, is no answer.
    gamma : float
        h is sure of an answer above it. A classifier that is trained again will most likely accept such an answer.
    consequences : Consequences, optional
        What follows from an answer's changes. Then answers are actions: their cost is paid, and h and the judge are
        asked about the states that they lead to.
    """

    schema: Schema
    judge: SurrogateJudge
    calibration: Calibration
    h: Callable[[np.ndarray], np.ndarray]
    gamma: float
    consequences: Consequences | None = None

    @cached_property
    def _relaxation(self) -> Relaxation:
        return Relaxation(self.schema)

    def states(self, values: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """What answers (..., D) lead to for factuals (..., D) that broadcast; NaN where a constraint is broken."""
        if self.consequences is None:
            return answers
        return self.consequences.states(values, answers, self.schema)

    def top_k(
        self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray, k: int, at_once: int = AT_ONCE
    ) -> ScoredAnswers:
        """The k best candidates (B, N, D) of each encoded factual (B, D), the best first: (B, min(k, N), ...).

        ``scores`` (B, N) is h of what each candidate leads to. What h refuses, by NaN too, is a failure. Where h is
        sure of a candidate, those that it is not sure of are failures too. ``at_once`` candidates are judged together
        where few factuals are left; it changes no answer.
        """
        sure = scores > self.gamma
        accepted = np.where(sure.any(axis=1, keepdims=True), sure, scores > 0.5)
        found = ScoredAnswers(
            candidates.copy(), scores.copy(), *(np.full(scores.shape, np.nan) for _ in range(3))
        )
        found.answers[~accepted] = found.h[~accepted] = np.nan
        states = DistinctRows(self.states(values[:, None], candidates)[accepted])
        found.validity[accepted] = states.asked(self.validity)(np.arange(accepted.sum()))
        partial_score = found.validity - self.schema.cost(values[:, None], candidates) / values.shape[1]
        place = np.zeros(accepted.shape, np.intp)
        place[accepted] = np.arange(accepted.sum())
        inlier = states.asked(self.inlier)
        self._score_promising(found, lambda index: inlier(place[index]), partial_score, k, at_once)
        order = _descending(found.score)[:, :k]
        return ScoredAnswers(*(part[np.arange(len(values))[:, None], order] for part in found))

    def _score_promising(
        self, found: ScoredAnswers, inlier: Inlier, partial_score: np.ndarray, k: int, at_once: int
    ) -> None:
        """Fill in ``inlier`` and ``score`` of each candidate that may be among the k best.

        Outlier factors are expensive. ``partial_score`` (B, N) lacks P(inlier), which has an upper bound. So a
        candidate whose bound is below the k-th best score is skipped. The most promising come first, k at a time, or
        ``at_once`` together where few factuals are left.
        """
        rows, bound = np.arange(len(partial_score))[:, None], partial_score + self.most_inlier()
        order, start, size = _descending(bound), 0, k
        while start < partial_score.shape[1]:
            columns = order[:, start : start + size]
            kth = np.sort(np.nan_to_num(found.score, nan=-np.inf), axis=1)[:, -k, None] if start else -np.inf
            row, column = np.nonzero(bound[rows, columns] >= kth)
            if not len(row):
                break
            index = row, columns[row, column]
            found.inlier[index] = inlier(index)
            found.score[index] = partial_score[index] + found.inlier[index]
            start, size = start + size, max(k, at_once // len(np.unique(row)))

    def validity(self, rows: np.ndarray) -> np.ndarray:
        """P(valid) of encoded rows (n, D): (n,)."""
        if not len(rows):
            return np.empty(0)
        return self.calibration.validity(self.judge.validity(as_points(self._relaxation, rows)))

    def inlier(self, rows: np.ndarray) -> np.ndarray:
        """P(inlier) of encoded rows (n, D): (n,)."""
        if not len(rows):
            return np.empty(0)
        return self.calibration.inlier(self.judge.inlier(as_points(self._relaxation, rows)))

    def most_inlier(self) -> float:
        """Upper bound of P(inlier): the curve does not fall."""
        return float(self.calibration.inlier(np.array(max(INLIER_RANGE))))


def _descending(numbers: np.ndarray) -> np.ndarray:
    """Indices of numbers (B, N) from the highest to the lowest, NaN last; equal ones keep their order."""
    return np.argsort(-np.nan_to_num(numbers, nan=-np.inf), axis=1, kind="stable")
