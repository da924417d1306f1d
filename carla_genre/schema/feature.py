"""One feature: its columns, levels and constraints."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Feature:
    """One position of the generator.

    Parameters
    ----------
    name : str
        The raw feature's name.
    columns : tuple of str
        Its encoded columns: one, or the columns of a one-hot group.
    levels : tuple of tuple, optional
        A categorical's levels, each as the values of ``columns``; None for a continuous feature.
    immutable : bool
        Whether recourse must leave it as it is.
    direction : int
        +1 may only increase, -1 may only decrease, 0 either (continuous features).
    lower, upper : float
        The range that an answer may have, in the encoded frame's units (continuous features).
    seen : tuple of float, optional
        Its least and greatest training value, whatever the constraints (continuous features).
    """

    name: str
    columns: tuple[str, ...]
    levels: tuple[tuple[Hashable, ...], ...] | None = None
    immutable: bool = False
    direction: int = 0
    lower: float = -np.inf
    upper: float = np.inf
    seen: tuple[float, float] | None = field(default=None, compare=False)

    @property
    def is_text(self) -> bool:
        """Whether its levels are no numbers: a category that is not encoded."""
        return any(isinstance(cell, str) for level in self.levels or () for cell in level)
