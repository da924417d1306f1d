"""Coordinate ascent on h: the search for whom no candidate is accepted.

Constraints that come when asking may leave a person few of the rows that the generator draws. A person's changes are
then made one at a time, each the one that h likes best, until h accepts. What is found is one more candidate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Factuals (n, D) and answers (n, D) -> h of what these lead to (n,); 0 or NaN where a constraint is broken.
Says = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Ascents of a factual: from itself, and from its surest candidates.
STARTS = 6
# Trials that are held at a time, in numbers; it changes no answer.
HELD = 1 << 21


def with_ascents(
    values: np.ndarray, candidates: np.ndarray, scores: np.ndarray, moves: np.ndarray, says: Says
) -> tuple[np.ndarray, np.ndarray]:
    """Candidates and their scores, in which ascents are where h accepts none of a factual's candidates.

    Parameters
    ----------
    values : ndarray (B, D)
        Encoded factuals.
    candidates : ndarray (B, N, D)
    scores : ndarray (B, N)
        h of what each leads to; NaN and 0 are failures.
    moves : ndarray (B, P, D)
        What each feature may be set to: its column's P values, which may repeat. The first and the last are tried only
        for whom the others lead nowhere: the ends of what is allowed may be far from where accepted rows are.
    says : callable
        Answers to factuals, and h of them.

    Returns
    -------
    ndarray (B, N, D), ndarray (B, N)
        The least sure candidates of such a factual are left out for its ascents, at most :data:`STARTS`.
    """
    candidates, scores = candidates.copy(), scores.copy()
    for tried in (moves[:, 1:-1], moves):
        nobody = np.flatnonzero(~(scores > 0.5).any(axis=1))
        size = max(1, HELD // (STARTS * tried.shape[1] * values.shape[1] ** 2))
        for start in range(0, len(nobody), size):
            _replace(values, candidates, scores, tried, says, nobody[start : start + size])
    return candidates, scores


def _replace(
    values: np.ndarray,
    candidates: np.ndarray,
    scores: np.ndarray,
    moves: np.ndarray,
    says: Says,
    part: np.ndarray,
) -> None:
    """Put ascents in the place of the least sure candidates of some factuals (b,)."""
    d = values.shape[1]
    order = np.argsort(-np.nan_to_num(scores[part]), axis=1, kind="stable")
    surest = candidates[part[:, None], order[:, : STARTS - 1]]
    starts = np.concatenate([values[part, None], surest], axis=1)[:, : scores.shape[1]]
    k = starts.shape[1]
    each = np.repeat(part, k)
    rows, said = ascend(values[each], starts.reshape(-1, d), moves[each], says)
    replaced = part[:, None], order[:, -k:]
    candidates[replaced], scores[replaced] = rows.reshape(-1, k, d), said.reshape(-1, k)


def ascend(
    values: np.ndarray, starts: np.ndarray, moves: np.ndarray, says: Says
) -> tuple[np.ndarray, np.ndarray]:
    """Set one feature at a time to what raises h most, until h accepts the row or no single change raises it.

    Factuals (n, D), rows to start from (n, D) and moves (n, P, D) -> rows (n, D) and h of them (n,). NaN in a start is
    the factual's value.
    """
    rows = np.where(np.isnan(starts), values, starts)
    scores = np.nan_to_num(says(values, rows))
    left = np.flatnonzero(scores <= 0.5)
    while len(left):
        changes = moves[left] != rows[left, None]
        changes[:, 1:] &= moves[left, 1:] != moves[left, :-1]  # a value that repeats is tried once
        climber, place, feature = np.nonzero(changes)
        trials = rows[left[climber]]
        trials[np.arange(len(trials)), feature] = moves[left[climber], place, feature]
        said = np.zeros(changes.shape)
        said[climber, place, feature] = np.nan_to_num(says(values[left[climber]], trials))
        said = said.reshape(len(left), -1)
        best = said.argmax(axis=1)
        place, feature = np.unravel_index(best, changes.shape[1:])
        said = said[np.arange(len(left)), best]
        higher = said > scores[left]
        left, place, feature = left[higher], place[higher], feature[higher]
        rows[left, feature] = moves[left, place, feature]
        scores[left] = said[higher]
        left = left[scores[left] <= 0.5]
    return rows, scores
