"""One feature: its columns, levels and constraints."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from carla_genre.errors import InputError


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

    def within(self, other: Feature) -> Feature:
        """The feature with what constrains either. It is immutable where one may only rise and the other only fall.

        Raises
        ------
        InputError
            The ranges have nothing in common.
        """
        lower, upper = max(self.lower, other.lower), min(self.upper, other.upper)
        if lower > upper:
            raise InputError(
                f"constraint on {self.name!r}: its range has nothing in common with the range of the training"
            )
        frozen = self.immutable or other.immutable or self.direction * other.direction < 0
        direction = self.direction or other.direction
        return replace(self, immutable=frozen, direction=direction, lower=lower, upper=upper)

    @property
    def is_text(self) -> bool:
        """Whether its levels are no numbers: a category that is not encoded."""
        return any(isinstance(cell, str) for level in self.levels or () for cell in level)
