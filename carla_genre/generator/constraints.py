"""The features' kinds and constraints, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeatureConstraints:
    """What the generator must know of the features, each an ndarray (D,).

    Parameters
    ----------
    categorical, immutable : bool
    direction : int
        +1 may only increase, -1 may only decrease.
    lower, upper : float
        An answer's range.
    """

    categorical: np.ndarray
    immutable: np.ndarray
    direction: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def inside(self, rows: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Which rows (n, D) are in the ranges of all features but those that are ``free`` (D,): bool (n,)."""
        return ((rows >= self.lower) & (rows <= self.upper) | free).all(axis=1)
