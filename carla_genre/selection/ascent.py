"""Coordinate ascent on h: the search for whom no candidate is accepted.

Constraints that come when asking may leave a person few of the rows that the generator draws. A person's changes are
then made one at a time, each the one that h likes best, until h accepts. What is found is one more candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from carla_genre.generator.bins import between_infinities, evenly

# Factuals (n, D) and answers (n, D) -> h of what these lead to (n,); 0 or NaN where a constraint is broken.
Says = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Indices of factuals (b,) and values of features (P, D) -> what each factual may be set to, (b, P, D).
Allowed = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Ascents of a factual: from itself, and from its surest candidates.
STARTS = 6
# Values of a number that training rows have, at most.
FINEST = 128
# Trials that are held at a time, in numbers; it changes no answer.
HELD = 1 << 21


class Moves(NamedTuple):
    """Values that features may be set to, one feature at a time. A column's values ascend, and may repeat.

    Attributes
    ----------
    coarse : ndarray (P, D)
        Few of them. The first and the last are infinite: constraints make them the ends of what is allowed.
    fine : ndarray (F, D), optional
        Those that training rows have, and the ends.
    """

    coarse: np.ndarray
    fine: np.ndarray | None = None

    @classmethod
    def of_rows(cls, coarse: np.ndarray, values: np.ndarray, most: int = FINEST) -> Moves:
        """The coarse ones, and of training rows (n, D) at most ``most`` values of a feature, evenly among its own."""
        return cls(coarse, between_infinities([evenly(np.unique(column), most) for column in values.T]))

    def stages(self) -> Iterator[tuple[np.ndarray, int]]:
        """Values and numbers of starts, each stage for whom those before lead nowhere.

        The ends of what is allowed may be far from where accepted rows are, and the fine ones are many: these start
        from the factual alone.
        """
        yield self.coarse[1:-1], STARTS
        yield self.coarse, STARTS
        if self.fine is not None:
            yield self.fine, 1


def with_ascents(
    values: np.ndarray, candidates: np.ndarray, scores: np.ndarray, moves: Moves, allowed: Allowed, says: Says
) -> tuple[np.ndarray, np.ndarray]:
    """Candidates and their scores, in which ascents are where h accepts none of a factual's candidates.

    Parameters
    ----------
    values : ndarray (B, D)
        Encoded factuals.
    candidates : ndarray (B, N, D)
    scores : ndarray (B, N)
        h of what each leads to; NaN and 0 are failures.
    moves : Moves
    allowed : callable
        What the constraints make of them for some of the factuals.
    says : callable
        Answers to factuals, and h of them.

    Returns
    -------
    ndarray (B, N, D), ndarray (B, N)
        The least sure candidates of such a factual are left out for its ascents, at most :data:`STARTS`.
    """
    candidates, scores = candidates.copy(), scores.copy()
    for points, starts in moves.stages():
        nobody = np.flatnonzero(~(scores > 0.5).any(axis=1))
        size = max(1, HELD // (starts * len(points) * values.shape[1] ** 2))
        for start in range(0, len(nobody), size):
            part = nobody[start : start + size]
            _replace(values, candidates, scores, part, allowed(part, points), starts, says)
    return candidates, scores


def _replace(
    values: np.ndarray,
    candidates: np.ndarray,
    scores: np.ndarray,
    part: np.ndarray,
    moves: np.ndarray,
    starts: int,
    says: Says,
) -> None:
    """Put ascents in the place of the least sure candidates of some factuals (b,), who may move by (b, P, D)."""
    d = values.shape[1]
    order = np.argsort(-np.nan_to_num(scores[part]), axis=1, kind="stable")
    surest = candidates[part[:, None], order[:, : starts - 1]]
    first = np.concatenate([values[part, None], surest], axis=1)[:, : scores.shape[1]]
    k = first.shape[1]
    each = np.repeat(np.arange(len(part)), k)
    rows, said = ascend(values[part[each]], first.reshape(-1, d), moves[each], says)
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
