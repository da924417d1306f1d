"""Structural equations that a user gives, in original units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.constraints import Variables
from carla_genre.errors import InputError
from carla_genre.pickling import picklable

# What rounding may lose.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Equation:
    """An effect as a function of its causes and of noise that need not be added: x = value(causes, noise).

    Parameters
    ----------
    value : callable
        The causes in original units, a DataFrame (n, causes), and noise (n,) -> the effect's cells (n,).
    noise : callable
        The causes and the effect's cells (n,) -> the noise (n,) that ``value`` makes these cells of: abduction.
    """

    value: Callable[[pd.DataFrame, Any], Any]
    noise: Callable[[pd.DataFrame, Any], Any]

    def __post_init__(self) -> None:
        if not callable(self.value) or not callable(self.noise):
            raise InputError(
                "Equation: value= and noise= are functions, of the causes and the noise or the cells"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return Equation, (picklable(self.value, "Equation.value"), picklable(self.noise, "Equation.noise"))


@dataclass(frozen=True)
class GivenMechanism:
    """How one feature follows from its causes by a given equation.

    Attributes
    ----------
    effect : int
    causes : tuple of int
    equation : callable or Equation
        A callable gives the part of the effect that noise is added to.
    variables : Variables
    """

    effect: int
    causes: tuple[int, ...]
    equation: Callable[[pd.DataFrame], Any] | Equation
    variables: Variables

    def counterfactual(self, values: np.ndarray, states: np.ndarray) -> np.ndarray:
        """The effect (n,) in states (n, D) whose causes are there already, for people with values (n, D)."""
        before, after = self.variables.decode(values), self.variables.decode(states)
        parents = [self.variables.names[cause] for cause in self.causes]
        name = self.variables.names[self.effect]
        own, n = before[name].to_numpy(), len(values)
        if isinstance(self.equation, Equation):
            noise = self._asked(self.equation.noise, n, before[parents], own)
            return self._encoded(self._asked(self.equation.value, n, after[parents], noise))
        moved = self._numbers(self._asked(self.equation, n, after[parents]))
        return self._encoded(own + (moved - self._numbers(self._asked(self.equation, n, before[parents]))))

    def check(self, rows: np.ndarray) -> None:
        """Ask the equation about encoded training rows (n, D), who do nothing and so stay where they are.

        Raises
        ------
        InputError
            It fails, gives what is no cell, or makes another row of the noise that it has found in a row.
        """
        own = rows[:, self.effect]
        apart = np.abs(self.counterfactual(rows, rows) - own)
        name = self.variables.names[self.effect]
        if np.isnan(apart).all():
            raise InputError(f"the equation of {name!r} gives no number for any of {len(rows)} training rows")
        if (apart > TOLERANCE * (1 + np.abs(own))).any():  # no number is not apart: such a row has no state
            raise InputError(
                f"the equation of {name!r}: value= of the noise that noise= finds is another {name!r} than the row's "
                f"own, for {(apart > TOLERANCE * (1 + np.abs(own))).sum()} of {len(rows)} training rows"
            )

    def _asked(self, function: Callable[..., Any], n: int, *given: Any) -> np.ndarray:
        name = self.variables.names[self.effect]
        try:
            with np.errstate(all="ignore"):
                cells = np.asarray(function(*given))
        except Exception as error:  # it is the user's own
            raise InputError(f"the equation of {name!r} fails: {type(error).__name__}: {error}") from error
        if cells.ndim == 0:
            cells = np.full(n, cells.item())
        if cells.shape != (n,):
            raise InputError(
                f"the equation of {name!r} must give {n} cells for {n} rows, it gave {cells.shape}"
            )
        return cells

    def _numbers(self, cells: np.ndarray) -> np.ndarray:
        try:
            return cells.astype(float)
        except (TypeError, ValueError) as error:
            name = self.variables.names[self.effect]
            raise InputError(f"the equation of {name!r} gives no numbers: {error}") from error

    def _encoded(self, cells: np.ndarray) -> np.ndarray:
        levels = self.variables.levels[self.effect]
        if levels is None:
            return self.variables.encode(self.effect, self._numbers(cells)) + 0.0
        name, owner = (
            self.variables.names[self.effect],
            f"the equation of {self.variables.names[self.effect]!r}",
        )
        distinct, places = np.unique(cells, return_inverse=True)
        codes = [self.variables.code(name, level, owner) for level in distinct.tolist()]
        return np.array(codes, dtype=float)[places]
