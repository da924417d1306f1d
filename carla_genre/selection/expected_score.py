"""The rule "expected": of all candidates, the one of the highest expected Score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from carla_genre.schema import Schema
from carla_genre.selection.calibration import Curves
from carla_genre.selection.surrogate import INLIER_RANGE, SecondOpinion, space


class Chosen(NamedTuple):
    """Answers (..., D), h of each, and what is expected of it; NaN for a failure.

    ``validity`` and ``inlier`` are probabilities (...), ``score`` is their sum less cost / D.
    """

    answers: np.ndarray
    h: np.ndarray
    validity: np.ndarray
    inlier: np.ndarray
    score: np.ndarray

    def first(self) -> Chosen:
        """Of K answers (B, K, ...), the one of the highest score for each of the B people."""
        rows, best = np.arange(len(self.score)), np.nan_to_num(self.score, nan=-np.inf).argmax(axis=1)
        return Chosen(*(part[rows, best] for part in self))


@dataclass(frozen=True)
class ExpectedScore:
    """E[Score] of an answer x+ to x: P(valid | x+) + P(inlier | x+) - cost(x, x+) / D, the three terms of the paper.

    Attributes
    ----------
    schema : Schema
    opinion : SecondOpinion
        Its numbers of an answer ...
    curves : Curves
        ... and what they say of the probability to be valid, and to be an inlier.
    h : callable
        Encoded rows (..., D) -> h's scores (...). What h refuses, h <= .5, is no answer.
    gamma : float
        Above it h is sure. An answer that h is sure of stays one, so that an h trained again will most likely accept
        it too.
    """

    schema: Schema
    opinion: SecondOpinion
    curves: Curves
    h: Callable[[np.ndarray], np.ndarray]
    gamma: float

    def best(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray, k: int) -> Chosen:
        """The k best candidates of each person, best first.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals.
        candidates : ndarray (B, N, D)
        scores : ndarray (B, N)
            What h says of them. Those that it refuses are failures, and so are those that it is not sure of where
            there is one that it is; NaN is refused.
        k : int
            At most N are given.

        Returns
        -------
        Chosen (B, min(k, N), ...)
        """
        sure = scores > self.gamma
        accepted = np.where(sure.any(axis=1, keepdims=True), sure, scores > 0.5)
        found = Chosen(candidates.copy(), scores.copy(), *(np.full(scores.shape, np.nan) for _ in range(3)))
        found.answers[~accepted] = found.h[~accepted] = np.nan
        found.validity[accepted] = self._validity(candidates[accepted])
        without = found.validity - self.schema.cost(values[:, None], candidates) / values.shape[1]
        self._ask_the_promising(found, without, k)
        order = _falling(found.score)[:, :k]
        return Chosen(*(part[np.arange(len(values))[:, None], order] for part in found))

    def _ask_the_promising(self, found: Chosen, without: np.ndarray, k: int) -> None:
        """Fill in ``inlier`` and ``score`` of each candidate that is among the k best, or could be.

        Outlier factors are dear. By ``without``, the score without P(inlier), and the most that this is, a candidate
        is asked about only if it may be better than k others: k at a time, the most promising first.
        """
        rows, most = np.arange(len(without))[:, None], without + self._most_inlier()
        order = _falling(most)
        for start in range(0, without.shape[1], k):
            columns = order[:, start : start + k]
            kth = np.sort(np.nan_to_num(found.score, nan=-np.inf), axis=1)[:, -k, None] if start else -np.inf
            row, place = np.nonzero(most[rows, columns] >= kth)
            if not len(row):
                break
            asked = row, columns[row, place]
            found.inlier[asked] = self._inlier(found.answers[asked])
            found.score[asked] = without[asked] + found.inlier[asked]

    def take_back(self, values: np.ndarray, chosen: Chosen) -> Chosen:
        """Undo changes, the dearest first, one at a time, where the expected Score rises and h is as sure as before.

        A feature is set to the factual's own value again, which breaks no constraint. Passes over the features end when
        nothing is taken back any more.

        Parameters
        ----------
        values : ndarray (n, D)
            The factual of each answer.
        chosen : Chosen (n, ...)
        """
        current = Chosen(*(part.copy() for part in chosen))
        answers = current.answers
        rows, d = np.arange(len(values)), values.shape[1]
        order = np.argsort(-self._changes(values, answers), axis=1, kind="stable")
        turns_left = np.where(np.isfinite(chosen.score), d, 0)
        least = np.where(chosen.h > self.gamma, self.gamma, 0.5)
        for turn in range(d * d):
            features = order[:, turn % d]
            is_open = (turns_left > 0) & (answers[rows, features] != values[rows, features])
            turns_left -= 1
            open_rows = np.flatnonzero(is_open)
            trial = answers[open_rows]
            trial[np.arange(len(open_rows)), features[open_rows]] = values[open_rows, features[open_rows]]
            h = self.h(trial)
            still = h > least[open_rows]
            taken = self._where_better(values, open_rows[still], trial[still], h[still], current)
            turns_left[taken] = d
            if (turns_left <= 0).all():
                break
        return current

    def _where_better(
        self, values: np.ndarray, rows: np.ndarray, trial: np.ndarray, h: np.ndarray, current: Chosen
    ) -> np.ndarray:
        """Put trials (n, D), with h of each (n,), in place of the rows that they are better than: which these are."""
        valid = self._validity(trial)
        without = valid - self.schema.cost(values[rows], trial) / values.shape[1]
        may = without + self._most_inlier() > current.score[rows]
        rows, trial, h, valid, without = (part[may] for part in (rows, trial, h, valid, without))
        inside = self._inlier(trial)
        score = without + inside
        up = score > current.score[rows]
        for part, new in zip(current, (trial, h, valid, inside, score), strict=True):
            part[rows[up]] = new[up]
        return rows[up]

    def probabilities(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P(valid) and P(inlier) of encoded rows (n, D): two (n,)."""
        return self._validity(rows), self._inlier(rows)

    def _validity(self, rows: np.ndarray) -> np.ndarray:
        return (
            self.curves.validity(self.opinion.validity(space(self.schema, rows)))
            if len(rows)
            else np.empty(0)
        )

    def _inlier(self, rows: np.ndarray) -> np.ndarray:
        return self.curves.inlier(self.opinion.inlier(space(self.schema, rows))) if len(rows) else np.empty(0)

    def _most_inlier(self) -> float:
        """What P(inlier) is at most: the curve does not fall."""
        return float(self.curves.inlier(np.array(max(INLIER_RANGE))))

    def _changes(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """What each feature's change costs, (n, D); 0 for a failure."""
        return np.where(self.schema.categorical, before != after, np.nan_to_num(np.abs(after - before)))


def _falling(numbers: np.ndarray) -> np.ndarray:
    """The places of numbers (B, N) from the highest on, of equal ones the first before; NaN last."""
    return np.argsort(-np.nan_to_num(numbers, nan=-np.inf), axis=1, kind="stable")
