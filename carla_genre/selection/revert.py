"""Reverting changes that an answer can do without."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from carla_genre.selection.distinct_rows import DistinctRows
from carla_genre.selection.expected_score import ExpectedScore, ScoredAnswers

# Factuals (n, D) and states (n, D) -> which states are allowed, bool (n,).
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Trials that h and the surrogate judge are asked about at once; it changes no answer.
TRIALS = 2048


def revert_changes(
    objective: ExpectedScore,
    values: np.ndarray,
    chosen: ScoredAnswers,
    allowed: Rule | None = None,
    at_once: int = TRIALS,
) -> ScoredAnswers:
    """Revert changes one at a time, the most expensive first, where the expected Score rises and h stays as sure.

    A reverted feature has the factual's own value again, which breaks no constraint but one about several features:
    ``allowed`` knows these, of what answers lead to: where an action is reverted, its descendants are moved anew. The
    features are passed over until nothing is reverted any more. ``values`` (n, D) has the factual of each answer of
    ``chosen`` (n, ...).

    Where few answers are left, the next several changes of each are tried at once, ``at_once`` trials in all. A trial
    stands on a guess of which ones before it are better: those that were when they were last tried. All is taken up to
    the first wrong guess, so the answers are those of one trial at a time.
    """
    current = ScoredAnswers(*(part.copy() for part in chosen))
    answers, d = current.answers, values.shape[1]
    cost = np.where(objective.schema.categorical, values != answers, np.nan_to_num(np.abs(answers - values)))
    order = np.argsort(-cost, axis=1, kind="stable")
    least_h = np.where(chosen.h > objective.gamma, objective.gamma, 0.5)
    turn, turns_left = np.zeros(len(values), dtype=int), np.where(np.isfinite(chosen.score), d, 0)
    promising = np.zeros(values.shape, dtype=bool)
    while len(left := np.flatnonzero(turns_left > 0)):
        who = left[:, None]
        features = order[who, (turn[who] + np.arange(d)) % d]
        changed = answers[who, features] != values[who, features]
        trials = _Trials.plan(changed, promising[who, features] & changed, turns_left[left], at_once)
        row, place = np.nonzero(trials.tried)
        rows = left[row]
        reverted = np.zeros((len(row), d), dtype=bool)
        np.put_along_axis(reverted, features[row], trials.reverted(row, place), axis=1)
        trial = np.where(reverted, values[rows], answers[rows])
        scored = _score(objective, values[rows], trial, least_h[rows], current.score[rows], allowed)
        score = np.full(changed.shape, -np.inf)
        score[row, place] = np.nan_to_num(scored.score, nan=-np.inf)
        better, passed, last = trials.outcome(score, current.score[left])
        promising[who, features] = np.where(trials.tried, better, promising[who, features])
        reverts = last >= 0
        number = np.cumsum(trials.tried).reshape(changed.shape) - 1
        taken = number[reverts, last[reverts]]
        for part, new in zip(current, scored, strict=True):
            part[left[reverts]] = new[taken]
        turn[left] += passed
        # After a reverted change all others get another turn.
        turns_left[left] = np.where(reverts, d - (passed - 1 - last), turns_left[left] - passed)
    return current


class _Trials(NamedTuple):
    """The next trials of answers (n,), by place: the d features from an answer's turn on, bool (n, d) each.

    ``guess`` tells which of those ``tried`` are thought to be better. ``whole`` (n,): nothing is left to try.
    """

    tried: np.ndarray
    guess: np.ndarray
    whole: np.ndarray

    @classmethod
    def plan(cls, changed: np.ndarray, guess: np.ndarray, turns_left: np.ndarray, at_once: int) -> _Trials:
        """As many of what is ``changed`` (n, d), within its turns, as are asked about at once."""
        within = np.arange(changed.shape[1]) < turns_left[:, None]
        changed = changed & (within | (guess & within).any(axis=1, keepdims=True))
        tried = changed & (changed.cumsum(axis=1) <= max(1, at_once // len(changed)))
        return cls(tried, guess & tried, (tried == changed).all(axis=1))

    def reverted(self, row: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Which places the trials (t,) of answers ``row`` revert, (t, d): their own, and guesses before it."""
        places = np.arange(self.tried.shape[1])
        reverted: np.ndarray = (self.guess[row] & (places < place[:, None])) | (places == place[:, None])
        return reverted

    def outcome(self, score: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which trials are better (n, d), how many places are passed (n,), and the last place reverted or -1 (n,).

        ``score`` (n, d) of each trial is -inf where there is none; ``start`` (n,) has the answers' own.
        """
        d = score.shape[1]
        before = np.roll(np.maximum.accumulate(np.where(self.guess, np.arange(d), -1), axis=1), 1, axis=1)
        before[:, 0] = -1
        to_beat = np.where(before < 0, start[:, None], np.take_along_axis(score, before.clip(0), axis=1))
        better = score > to_beat
        wrong = better != self.guess
        right = np.where(self.whole, d, _last(self.tried) + 1)
        passed = np.where(wrong.any(axis=1), wrong.argmax(axis=1) + 1, right)
        return better, passed, _last(better & (np.arange(d) < passed[:, None]))


def _last(true: np.ndarray) -> np.ndarray:
    """The last true place of each row (n, d), -1 where there is none."""
    return np.where(true.any(axis=1), true.shape[1] - 1 - true[:, ::-1].argmax(axis=1), -1)


def _score(
    objective: ExpectedScore,
    values: np.ndarray,
    trial: np.ndarray,
    least_h: np.ndarray,
    to_beat: np.ndarray,
    allowed: Rule | None,
) -> ScoredAnswers:
    """Trials (n, D) of factuals (n, D) that may beat a score (n,); NaN for others, and for those that are refused."""
    states = objective.states(values, trial)
    asked = DistinctRows(states)
    h = asked.asked(objective.h)(np.arange(len(states)))
    scored = ScoredAnswers(trial, h, *(np.full(len(trial), np.nan) for _ in range(3)))
    rows = np.flatnonzero(h > least_h)
    if allowed is not None:
        rows = rows[allowed(values[rows], states[rows])]
    valid = asked.asked(objective.validity)(rows)
    partial_score = valid - objective.schema.cost(values[rows], trial[rows]) / values.shape[1]
    possible = partial_score + objective.most_inlier() > to_beat[rows]
    rows, partial_score = rows[possible], partial_score[possible]
    scored.validity[rows], scored.inlier[rows] = valid[possible], asked.asked(objective.inlier)(rows)
    scored.score[rows] = partial_score + scored.inlier[rows]
    return scored
