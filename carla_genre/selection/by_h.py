"""The rules that need h alone: "validity" and "cheapest"."""

from __future__ import annotations

import numpy as np


def most_valid(candidates: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The candidate with the highest h (section 4.3 of the paper).

    Parameters
    ----------
    candidates : ndarray (B, N, D)
    scores : ndarray (B, N)
        h of each candidate; NaN is a refusal.

    Returns
    -------
    ndarray (B, D)
        NaN where h accepts no candidate.
    """
    return cheapest(candidates, scores, np.zeros(scores.shape), np.inf)


def cheapest(candidates: np.ndarray, scores: np.ndarray, cost: np.ndarray, gamma: float) -> np.ndarray:
    """The cheapest candidate with h > gamma; where there is none, the one with the highest h.

    Parameters
    ----------
    candidates : ndarray (B, N, D)
    scores, cost : ndarray (B, N)
        h and cost of each candidate; an h of NaN is a refusal.
    gamma : float

    Returns
    -------
    ndarray (B, D)
        NaN where h accepts no candidate.
    """
    scores, rows = np.nan_to_num(scores, nan=0.0), np.arange(len(candidates))
    cost = np.where(scores > gamma, cost, np.inf)
    best = np.where(np.isfinite(cost).any(axis=1), cost.argmin(axis=1), scores.argmax(axis=1))
    answers: np.ndarray = candidates[rows, best].copy()
    answers[scores[rows, best] <= 0.5] = np.nan
    return answers
