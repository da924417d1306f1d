"""Reverting changes that an answer can do without."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from carla_genre.selection.expected_score import ExpectedScore, ScoredAnswers

# Factuals (n, D) and answers (n, D) -> which answers are allowed, bool (n,).
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]


def revert_changes(
    objective: ExpectedScore, values: np.ndarray, chosen: ScoredAnswers, allowed: Rule | None = None
) -> ScoredAnswers:
    """Revert changes one at a time, the most expensive first, where the expected Score rises and h stays as sure.

    A reverted feature has the factual's own value again, which breaks no constraint but one about several features:
    ``allowed`` knows these. The features are passed over until nothing is reverted any more. ``values`` (n, D) has the
    factual of each answer of ``chosen`` (n, ...).
    """
    current = ScoredAnswers(*(part.copy() for part in chosen))
    answers = current.answers
    rows, d = np.arange(len(values)), values.shape[1]
    cost = np.where(objective.schema.categorical, values != answers, np.nan_to_num(np.abs(answers - values)))
    order = np.argsort(-cost, axis=1, kind="stable")
    turns_left = np.where(np.isfinite(chosen.score), d, 0)
    least_h = np.where(chosen.h > objective.gamma, objective.gamma, 0.5)
    for turn in range(d * d):
        features = order[:, turn % d]
        changed = np.flatnonzero((turns_left > 0) & (answers[rows, features] != values[rows, features]))
        turns_left -= 1
        trial = answers[changed]
        trial[np.arange(len(changed)), features[changed]] = values[changed, features[changed]]
        h = objective.h(trial)
        still = h > least_h[changed]
        if allowed is not None:
            still &= allowed(values[changed], trial)
        reverted = _keep_better(objective, values, changed[still], trial[still], h[still], current)
        turns_left[reverted] = d
        if (turns_left <= 0).all():
            break
    return current


def _keep_better(
    objective: ExpectedScore,
    values: np.ndarray,
    rows: np.ndarray,
    trial: np.ndarray,
    h: np.ndarray,
    current: ScoredAnswers,
) -> np.ndarray:
    """Replace rows (n,) of ``current`` by trials (n, D) with h (n,) where these have a higher score: which rows."""
    valid = objective.validity(trial)
    partial_score = valid - objective.schema.cost(values[rows], trial) / values.shape[1]
    possible = partial_score + objective.most_inlier() > current.score[rows]
    rows, trial, h, valid, partial_score = (part[possible] for part in (rows, trial, h, valid, partial_score))
    inlier = objective.inlier(trial)
    score = partial_score + inlier
    better = score > current.score[rows]
    for part, new in zip(current, (trial, h, valid, inlier, score), strict=True):
        part[rows[better]] = new[better]
    return rows[better]
