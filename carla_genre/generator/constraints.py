"""The features' kinds and constraints, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

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
        kept: np.ndarray = ((rows >= self.lower) & (rows <= self.upper) | free).all(axis=1)
        return kept


class Bounds(NamedTuple):
    """What answers to B people may be, on top of the features' constraints; each person has their own.

    ``lower`` and ``upper`` (B, D) are encoded; ``levels`` has, for a categorical's position, which levels are allowed,
    bool (B, L). A feature that is left as it is breaks no bound.
    """

    lower: np.ndarray
    upper: np.ndarray
    levels: Mapping[int, np.ndarray]

    def rows(self, which: slice | np.ndarray) -> Bounds:
        """Those of some people."""
        levels = {position: mask[which] for position, mask in self.levels.items()}
        return Bounds(self.lower[which], self.upper[which], levels)

    def nearest(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Rows (B, N, D) with the nearest allowed numbers, and the factuals' (B, D) own level for a forbidden one."""
        inside: np.ndarray = np.clip(rows, self.lower[:, None], self.upper[:, None])
        people = np.arange(len(rows))[:, None]
        for position, mask in self.levels.items():
            allowed = mask[people, inside[..., position].astype(int)]
            inside[..., position] = np.where(allowed, inside[..., position], values[:, position, None])
        return inside

    def allow(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Whether rows (B, N, D) are inside, as answers to factuals (B, D): bool (B, N)."""
        inside = (rows >= self.lower[:, None]) & (rows <= self.upper[:, None])
        people = np.arange(len(rows))[:, None]
        for position, mask in self.levels.items():
            inside[..., position] &= mask[people, rows[..., position].astype(int)]
        kept: np.ndarray = (inside | (rows == values[:, None])).all(axis=-1)
        return kept
