"""The rules that need h alone to choose among a factual's candidates."""

from __future__ import annotations

import numpy as np


def most_valid(candidates: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The candidate that h likes best (section 4.3 of the paper): (B, N, D), h (B, N) -> (B, D).

    NaN for who h accepts none of.
    """
    return _take(candidates, scores, scores.argmax(axis=1))


def cheapest(candidates: np.ndarray, scores: np.ndarray, cost: np.ndarray, gamma: float) -> np.ndarray:
    """The cheapest with h > gamma, the one that h likes best where none is that sure; ``cost`` is (B, N)."""
    cost = np.where(scores > gamma, cost, np.inf)
    best = np.where(np.isfinite(cost).any(axis=1), cost.argmin(axis=1), scores.argmax(axis=1))
    return _take(candidates, scores, best)


def _take(candidates: np.ndarray, scores: np.ndarray, best: np.ndarray) -> np.ndarray:
    rows = np.arange(len(candidates))
    answers = candidates[rows, best].copy()
    answers[scores[rows, best] <= 0.5] = np.nan
    return answers
