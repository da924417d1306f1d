"""What an answer to a factual may be: immutables, ranges, directions, levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carla_genre.schema.feature import Feature


def bounds(features: Sequence[Feature], factuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value that each feature of an answer may have, (B, D) each.

    Both are the factual's own value where nothing else is allowed: an immutable, or a value outside the
    feature's range that would have to move away from it.
    """
    factuals = np.asarray(factuals, dtype=float)
    lower, upper = np.empty_like(factuals), np.empty_like(factuals)
    for position, feature in enumerate(features):
        own = factuals[..., position]
        if feature.levels is not None:
            low, high = np.zeros_like(own), np.full_like(own, len(feature.levels) - 1)
        else:
            low = (
                np.maximum(feature.lower, own) if feature.direction > 0 else np.full_like(own, feature.lower)
            )
            high = (
                np.minimum(feature.upper, own) if feature.direction < 0 else np.full_like(own, feature.upper)
            )
        stuck = (low > high) | feature.immutable
        lower[..., position], upper[..., position] = np.where(stuck, own, low), np.where(stuck, own, high)
    return lower, upper


def constrain(features: Sequence[Feature], factuals: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """The nearest allowed values to each answer: clipped, codes rounded; a feature that is unchanged stays.

    Parameters
    ----------
    features : sequence of Feature
        D features.
    factuals : ndarray (..., D)
        Encoded rows, broadcast against the answers.
    answers : ndarray (..., D)
        Any numbers; a NaN stays one.
    """
    factuals, answers = np.broadcast_arrays(np.asarray(factuals, float), np.asarray(answers, float))
    lower, upper = bounds(features, factuals)
    categorical = np.array([feature.levels is not None for feature in features], dtype=bool)
    nearest = np.clip(np.where(categorical, np.rint(answers), answers), lower, upper)
    return np.where(answers == factuals, factuals, nearest)


def allowed(features: Sequence[Feature], factuals: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Whether each candidate may be the factual's answer: bool (...), from (..., D) that broadcast."""
    factuals, candidates = np.asarray(factuals, float), np.asarray(candidates, float)
    lower, upper = bounds(features, factuals)
    inside = (candidates >= lower) & (candidates <= upper)
    return (inside | (candidates == factuals)).all(axis=-1)
