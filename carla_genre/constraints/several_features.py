"""Constraints on several features at once, which no bound of one feature can say."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.constraints.constraint import Constraint, is_double
from carla_genre.constraints.limits import Limits, Variables
from carla_genre.errors import InputError
from carla_genre.pickling import picklable

# What encoding two numbers and their difference may lose, relative to the numbers.
NOISE = 8 * np.finfo(float).eps


@dataclass(frozen=True)
class AtMost(Constraint):
    """At most ``changes`` features change."""

    changes: int

    def __post_init__(self) -> None:
        given: Any = self.changes
        if isinstance(given, bool) or not isinstance(given, Integral) or given < 1:
            raise InputError(f"{self!r}: a whole number from 1 is wanted")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        before = limits.most_changes
        limits.most_changes = int(self.changes if before is None else min(before, self.changes))

    def __repr__(self) -> str:
        return f"AtMost({self.changes})"


@dataclass(frozen=True, repr=False)
class Implies(Constraint):
    """If one feature changes, another one must follow.

    Parameters
    ----------
    feature : str
        If this changes ...
    to : object, optional
        ... to this level or number (without it: to any) ...
    then : str
        ... that must
    be : object, optional
        be this level or number,
    grow : bool or float
        or be greater than the person's own, by this much in original units where it is a number (``grow=2``). Levels of
        an ordered pandas Categorical grow too. With ``be`` and ``grow``, either will do.
    """

    feature: str
    to: Any = None
    then: str = ""
    be: Any = None
    grow: bool | float = False

    def __post_init__(self) -> None:
        given: Any = self.grow
        if not self.then or (self.be is None and given is False):
            raise InputError(f"{self!r}: say which feature follows, then=, and how: be= or grow=")
        if self.then == self.feature:
            raise InputError(f"{self!r}: another feature must follow, not {self.feature!r} itself")
        if not isinstance(given, bool) and (not is_double(given) or not 0 <= float(given) < math.inf):
            raise InputError(f"{self!r}: grow= is True, or by how much, a number from 0")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        variables = limits.variables
        cause = variables.position(self.feature, self)
        effect = variables.position(self.then, self)
        to = None if self.to is None else self._encoded(limits, self.feature, self.to)
        be = None if self.be is None else self._encoded(limits, self.then, self.be)
        grown = None if self.grow is False else self._growth(variables, effect)

        def rule(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
            kept: np.ndarray = rows[:, cause] == values[:, cause]
            if to is not None:
                kept |= rows[:, cause] != to
            if be is not None:
                kept |= rows[:, effect] == be
            if grown is not None:
                kept |= grown(values[:, effect], rows[:, effect])
            return kept

        limits.rules.append((repr(self), rule))

    def _growth(self, variables: Variables, effect: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """Whether encoded values (n,) have grown to others (n,)."""
        if variables.levels[effect] is not None:
            if self.grow is not True:
                raise InputError(f"{self!r}: {self.then!r} has levels, which grow by no number: grow=True")
            rank = variables.ranks(self.then, None, self)
            return lambda before, after: rank[after.astype(int)] > rank[before.astype(int)]
        amount = 0.0 if self.grow is True else float(self.grow)
        zero, end = variables.encode(effect, np.array([0.0, amount]))
        gap = variables.gaps[effect]  # what fills a gap has not grown

        def grown(before: np.ndarray, after: np.ndarray) -> np.ndarray:
            noise = NOISE * (np.abs(before) + np.abs(after) + abs(zero))  # from 0.1 to 0.3 is growth by 0.2
            kept: np.ndarray = (after > before) & (after - before >= end - zero - noise) & (before != gap)
            return kept

        return grown

    def _encoded(self, limits: Limits, name: str, value: Any) -> float:
        variables = limits.variables
        position = variables.position(name, self)
        if variables.levels[position] is not None:
            return float(variables.code(name, value, self))
        if not is_double(value):
            raise InputError(f"{self!r}: {name!r} is a number, {value!r} is none")
        return float(variables.encode(position, np.array([float(value)]))[0])

    def __repr__(self) -> str:
        to = "" if self.to is None else f", to={self.to!r}"
        be = "" if self.be is None else f", be={self.be!r}"
        grow = "" if self.grow is False else f", grow={self.grow!r}"
        return f"Implies({self.feature!r}{to}, then={self.then!r}{be}{grow})"


@dataclass(frozen=True, repr=False)
class Where(Constraint):
    """A predicate of one's own on rows in original units.

    Parameters
    ----------
    holds : callable
        A DataFrame (n, features) -> bool (n,): which rows an answer may be.
    name : str
        How errors and reasons name it.
    """

    holds: Callable[[pd.DataFrame], Any]
    name: str = ""

    def __post_init__(self) -> None:
        given: Any = self.holds
        if not callable(given):
            raise InputError(
                f"Where({given!r}): a function of a frame is wanted, that gives a bool for each row"
            )

    def narrow(self, limits: Limits) -> None:
        """See the class."""

        def rule(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
            if not len(rows):
                return np.ones(0, bool)
            try:
                kept = np.asarray(self.holds(limits.decoded(values, rows)))
            except Exception as error:  # it is the user's own
                raise InputError(f"{self!r} fails: {type(error).__name__}: {error}") from error
            if kept.shape != (len(rows),) or kept.dtype != bool:
                raise InputError(
                    f"{self!r}: the predicate must give a bool for each of {len(rows)} rows, it gave "
                    f"{kept.dtype} {kept.shape}"
                )
            return kept

        limits.rules.append((repr(self), rule))

    def __reduce__(self) -> tuple[Any, ...]:
        return Where, (picklable(self.holds, repr(self)), self.name)

    def __repr__(self) -> str:
        return f"Where({self.name or getattr(self.holds, '__name__', 'a predicate')})"
