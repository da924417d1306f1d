"""Reverting changes that an answer can do without."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from carla_genre.selection.expected_score import ExpectedScore, ScoredAnswers

# Factuals (n, D) and states (n, D) -> which states are allowed, bool (n,).
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Trials that h and the surrogate judge are asked about at once; it changes no answer.
TRIALS = 256


def revert_changes(
    objective: ExpectedScore, values: np.ndarray, chosen: ScoredAnswers, allowed: Rule | None = None
) -> ScoredAnswers:
    """Revert changes one at a time, the most expensive first, where the expected Score rises and h stays as sure.

    A reverted feature has the factual's own value again, which breaks no constraint but one about several features:
    ``allowed`` knows these, of what answers lead to: where an action is reverted, its descendants are moved anew. The
    features are passed over until nothing is reverted any more. ``values`` (n, D) has the factual of each answer of
    ``chosen`` (n, ...).

    Where few answers are left, the next several changes of each are tried at once, and the first that is better is
    reverted. What comes before it was no better, and is not tried again: the answers are those of one trial at a time.
    """
    current = ScoredAnswers(*(part.copy() for part in chosen))
    answers, d = current.answers, values.shape[1]
    cost = np.where(objective.schema.categorical, values != answers, np.nan_to_num(np.abs(answers - values)))
    order = np.argsort(-cost, axis=1, kind="stable")
    least_h = np.where(chosen.h > objective.gamma, objective.gamma, 0.5)
    turn, turns_left = np.zeros(len(values), dtype=int), np.where(np.isfinite(chosen.score), d, 0)
    while len(left := np.flatnonzero(turns_left > 0)):
        features = order[left[:, None], (turn[left, None] + np.arange(d)) % d]
        changed = answers[left[:, None], features] != values[left[:, None], features]
        changed &= np.arange(d) < turns_left[left, None]
        tried = changed & (changed.cumsum(axis=1) <= max(1, TRIALS // len(left)))
        row, place = np.nonzero(tried)
        rows, reverted = left[row], features[row, place]
        trial = answers[rows]
        trial[np.arange(len(rows)), reverted] = values[rows, reverted]
        scored = _score(objective, values[rows], trial, least_h[rows], current.score[rows], allowed)
        better = scored.score > current.score[rows]
        first = np.flatnonzero(better)[np.unique(row[better], return_index=True)[1]]
        for part, new in zip(current, scored, strict=True):
            part[rows[first]] = new[first]
        # A row without a better trial goes on behind its last one, or is done.
        passed = np.where((tried == changed).all(axis=1), d, d - tried[:, ::-1].argmax(axis=1))
        turn[left] += passed
        turns_left[left] -= passed
        turn[rows[first]] += place[first] + 1 - passed[row[first]]
        turns_left[rows[first]] = d
    return current


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
    h = objective.h(states)
    scored = ScoredAnswers(trial, h, *(np.full(len(trial), np.nan) for _ in range(3)))
    rows = np.flatnonzero(h > least_h)
    if allowed is not None:
        rows = rows[allowed(values[rows], states[rows])]
    valid = objective.validity(states[rows])
    partial_score = valid - objective.schema.cost(values[rows], trial[rows]) / values.shape[1]
    possible = partial_score + objective.most_inlier() > to_beat[rows]
    rows, partial_score = rows[possible], partial_score[possible]
    scored.validity[rows], scored.inlier[rows] = valid[possible], objective.inlier(states[rows])
    scored.score[rows] = partial_score + scored.inlier[rows]
    return scored
