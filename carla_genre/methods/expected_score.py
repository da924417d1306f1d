"""The rule "expected": of all candidates, the one of the highest expected Score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from carla_genre.methods.opinion_curves import Curves
from carla_genre.methods.second_opinion import SecondOpinion, space
from carla_genre.schema import Schema

# Candidates a person whose outlier factor is asked at once: it costs more than all else.
ROUND = 8


class Chosen(NamedTuple):
    """Answers (B, D), NaN rows where h accepts no candidate, and what is expected of each.

    ``validity`` and ``inlier`` are probabilities (B,), NaN for a failure; ``score`` is their sum less cost / D.
    """

    answers: np.ndarray
    validity: np.ndarray
    inlier: np.ndarray
    score: np.ndarray


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
    accepts : callable
        Encoded rows (n, D) -> whether h accepts them, bool (n,): what h refuses is no answer.
    """

    schema: Schema
    opinion: SecondOpinion
    curves: Curves
    accepts: Callable[[np.ndarray], np.ndarray]

    def choose(self, values: np.ndarray, candidates: np.ndarray, accepted: np.ndarray) -> Chosen:
        """The best candidate of each person.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals.
        candidates : ndarray (B, N, D)
        accepted : ndarray (B, N), bool
            Whether h accepts them.

        Notes
        -----
        The outlier factor of a candidate is asked only while its bound, by the other terms and the greatest
        probability of an inlier, is above what was found; the answer is the one that asking for all would give.
        """
        n_people, n, _ = candidates.shape
        people = np.arange(n_people)
        validity = np.zeros((n_people, n))
        validity[accepted] = self._validity(candidates[accepted])
        known = validity - self.schema.cost(values[:, None], candidates) / values.shape[1]
        known[~accepted] = -np.inf
        order = np.argsort(-known, axis=1, kind="stable")
        best, score, inlier = np.zeros(n_people, dtype=int), np.full(n_people, -np.inf), np.zeros(n_people)
        for start in range(0, n, ROUND):
            places = order[:, start : start + ROUND]
            bound = known[people[:, None], places] + self.curves.inlier.most
            asked = np.isfinite(bound) & (bound > score[:, None])
            if not asked.any():
                break
            row, place = np.nonzero(asked)
            found = np.zeros(places.shape)
            found[asked] = self._inlier(candidates[row, places[row, place]])
            total = np.where(asked, known[people[:, None], places] + found, -np.inf)
            winner = total.argmax(axis=1)
            better = total[people, winner] > score
            score[better] = total[people, winner][better]
            inlier[better] = found[people, winner][better]
            best[better] = places[people, winner][better]
        answers = candidates[people, best].copy()
        chosen = Chosen(answers, validity[people, best], inlier, score)
        none = ~accepted.any(axis=1)
        for part in chosen:
            part[none] = np.nan
        return chosen

    def take_back(self, values: np.ndarray, chosen: Chosen) -> Chosen:
        """Undo changes, the dearest first, one at a time, where the expected Score rises and h still accepts.

        A feature is set to the factual's own value again, which breaks no constraint. Passes over the features end when
        nothing is taken back any more.
        """
        answers, *expected = (part.copy() for part in chosen)
        validity, inlier, score = expected
        steps = np.stack(
            [self._costs(values[:, j], answers[:, j], j) for j in range(values.shape[1])], axis=1
        )
        order = np.argsort(-steps, axis=1, kind="stable")
        for turn in range(2 * values.shape[1]):
            features = order[:, turn % values.shape[1]]
            people = np.flatnonzero(
                np.isfinite(score) & (answers[np.arange(len(values)), features] != _of(values, features))
            )
            if not len(people):
                continue
            trial = answers[people]
            trial[np.arange(len(people)), features[people]] = values[people, features[people]]
            ok = self.accepts(trial)
            people, trial = people[ok], trial[ok]
            if not len(people):
                continue
            valid, inside = self.probabilities(trial)
            found = valid + inside - self.schema.cost(values[people], trial) / values.shape[1]
            up = found > score[people]
            for part, new in zip(
                (answers, validity, inlier, score), (trial, valid, inside, found), strict=True
            ):
                part[people[up]] = new[up]
        return Chosen(answers, validity, inlier, score)

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

    def _costs(self, before: np.ndarray, after: np.ndarray, feature: int) -> np.ndarray:
        """What changing one feature costs, (B,); 0 for a failure."""
        if self.schema.categorical[feature]:
            return (before != after).astype(float)
        return np.nan_to_num(np.abs(after - before))


def _of(values: np.ndarray, features: np.ndarray) -> np.ndarray:
    return values[np.arange(len(values)), features]
