"""The constraints that a user writes, in the units and the spelling of the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.constraints.limits import Limits
from carla_genre.errors import InputError


class Constraint:
    """What answers must keep. A feature that is left as it is breaks only rules about several features.

    ``repr`` is how a user writes it; errors and reasons name a constraint by it.
    """

    def narrow(self, limits: Limits) -> None:
        """Make the limits of some people narrower by this constraint.

        Raises
        ------
        InputError
            It speaks of a feature or a level that the table does not have.
        """
        raise NotImplementedError


@dataclass(frozen=True, init=False, repr=False)
class Freeze(Constraint):
    """Features that stay as they are.

    Parameters
    ----------
    *features : str
    only : list of str, optional
        Instead of ``features``: those that may change; all others stay.
    """

    features: tuple[str, ...]
    only: tuple[str, ...] | None

    def __init__(self, *features: str, only: Iterable[str] | None = None) -> None:
        object.__setattr__(self, "features", _names(features))
        object.__setattr__(self, "only", None if only is None else _names(only))
        if bool(self.features) == (self.only is not None):
            raise InputError('Freeze: name the features, Freeze("age", "sex"), or those that may change, only=[...]')

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        named = {limits.variables.position(name, self) for name in self.only or self.features}
        every = range(len(limits.variables.names))
        limits.freeze([p for p in every if (p in named) == (self.only is None)])

    def __repr__(self) -> str:
        return f"Freeze({_shown(self.features)})" if self.only is None else f"Freeze(only={list(self.only)})"


@dataclass(frozen=True, repr=False)
class OneWay(Constraint):
    """A number that may only rise or only fall, or levels that have an order.

    Parameters
    ----------
    feature : str
    direction : {"up", "down"}
    order : list, optional
        A categorical's levels from the lowest to the highest. A level that is not among them is neither left nor
        entered.
    """

    feature: str
    direction: str
    order: Sequence[Any] | None = None

    def __post_init__(self) -> None:
        if self.direction not in ("up", "down"):
            raise InputError(f'{self!r}: the direction is "up" or "down"')
        if self.order is not None:
            object.__setattr__(self, "order", tuple(self.order))
            if len(set(self.order)) < max(2, len(self.order)):
                raise InputError(f"{self!r}: order= has two different levels or more, each once")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        position = limits.variables.position(self.feature, self)
        levels, own = limits.variables.levels[position], limits.values[:, position]
        if levels is None:
            if self.order is not None:
                raise InputError(f"{self!r}: {self.feature!r} is a number and needs no order=")
            limits.narrow(position, *((own, np.inf) if self.direction == "up" else (-np.inf, own)))
            return
        if self.order is None:
            raise InputError(
                f"{self!r}: {self.feature!r} has levels: say their order, OneWay({self.feature!r}, "
                f"{self.direction!r}, order={list(levels[:3])})"
            )
        rank = np.full(len(levels), np.nan)
        for place, level in enumerate(self.order):
            rank[limits.variables.code(self.feature, level, self)] = place
        sign = 1 if self.direction == "up" else -1
        limits.allow_levels(position, sign * rank >= sign * rank[own.astype(int)][:, None])

    def __repr__(self) -> str:
        order = "" if self.order is None else f", order={list(self.order)}"
        return f"OneWay({self.feature!r}, {self.direction!r}{order})"


@dataclass(frozen=True, repr=False)
class Range(Constraint):
    """A number's range, absolute or as shares of the person's own value; None is an open end.

    Parameters
    ----------
    feature : str
    low, high : float, optional
        In original units.
    relative : bool
        Whether ``low`` and ``high`` are multiplied with the size of the person's own value and added to it:
        ``Range("income", -.1, .2, relative=True)`` allows from 10 % less to 20 % more.
    """

    feature: str
    low: float | None = None
    high: float | None = None
    relative: bool = False

    def __post_init__(self) -> None:
        for end in (self.low, self.high):
            if end is not None and (isinstance(end, bool) or not isinstance(end, Real) or math.isnan(end)):
                raise InputError(f"{self!r}: {end!r} is no number (None is an open end)")
        if self.low is None and self.high is None:
            raise InputError(f"{self!r}: give low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InputError(f"{self!r}: the range is empty, {self.low} is above {self.high}")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        position = limits.variables.number(self.feature, self)
        ends = [-np.inf if self.low is None else self.low, np.inf if self.high is None else self.high]
        if self.relative:
            own = limits.raw[self.feature].to_numpy(dtype=float, na_value=np.nan)
            with np.errstate(invalid="ignore"):  # a gap has no share
                bounds = [np.where(np.isinf(end), end, own + end * np.abs(own)) for end in ends]
        else:
            bounds = [np.full(len(limits.values), float(end)) for end in ends]
        low, high = (limits.variables.encode(position, one) for one in bounds)
        limits.narrow(position, np.nan_to_num(low, nan=-np.inf), np.nan_to_num(high, nan=np.inf))

    def __repr__(self) -> str:
        relative = ", relative=True" if self.relative else ""
        return f"Range({self.feature!r}, {self.low!r}, {self.high!r}{relative})"


@dataclass(frozen=True, repr=False)
class Allowed(Constraint):
    """The levels that a categorical may be changed to, and changes of level that are forbidden.

    Parameters
    ----------
    feature : str
    levels : list, optional
        Without it: every level.
    forbidden : list of (from, to)
        Changes that are not allowed.
    """

    feature: str
    levels: Sequence[Any] | None = None
    forbidden: Sequence[tuple[Any, Any]] = ()

    def __post_init__(self) -> None:
        if isinstance(self.levels, str):
            raise InputError(f"{self!r}: the levels are a list, [{self.levels!r}]")
        if self.levels is not None:
            object.__setattr__(self, "levels", tuple(self.levels))
        object.__setattr__(self, "forbidden", tuple(map(tuple, self.forbidden)))
        if any(len(pair) != 2 for pair in self.forbidden):
            raise InputError(f"{self!r}: forbidden= is a list of pairs (from, to)")
        if not self.levels and not self.forbidden:
            raise InputError(f"{self!r}: name the levels, or forbidden changes; Freeze({self.feature!r}) allows none")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        variables = limits.variables
        position = variables.position(self.feature, self)
        known = variables.levels[position]
        mask = np.full((len(limits.values), len(known or ())), self.levels is None)
        for level in self.levels or ():
            mask[:, variables.code(self.feature, level, self)] = True
        own = limits.values[:, position]
        for pair in self.forbidden:
            before, after = (variables.code(self.feature, level, self) for level in pair)
            mask[own == before, after] = False
        limits.allow_levels(position, mask)

    def __repr__(self) -> str:
        levels = "" if self.levels is None else f", {list(self.levels)}"
        forbidden = f", forbidden={list(self.forbidden)}" if self.forbidden else ""
        return f"Allowed({self.feature!r}{levels}{forbidden})"


@dataclass(frozen=True)
class AtMost(Constraint):
    """At most ``changes`` features change."""

    changes: int

    def __post_init__(self) -> None:
        if isinstance(self.changes, bool) or not isinstance(self.changes, Integral) or self.changes < 1:
            raise InputError(f"{self!r}: a whole number from 1 is wanted")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        before = limits.most_changes
        limits.most_changes = int(self.changes if before is None else min(before, self.changes))

    def __repr__(self) -> str:
        return f"AtMost({self.changes})"


@dataclass(frozen=True, repr=False)
class Weight(Constraint):
    """How much a change of a feature counts: its cost is multiplied by ``factor`` > 0."""

    feature: str
    factor: float

    def __post_init__(self) -> None:
        if not isinstance(self.factor, Real) or not 0 < self.factor < math.inf:
            raise InputError(f"{self!r}: the factor is a number above 0")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        limits.weights[limits.variables.position(self.feature, self)] *= self.factor

    def __repr__(self) -> str:
        return f"Weight({self.feature!r}, {self.factor})"


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
        or be greater than the person's own, by this much in original units where it is a number (``grow=2``).
    """

    feature: str
    to: Any = None
    then: str = ""
    be: Any = None
    grow: bool | float = False

    def __post_init__(self) -> None:
        if not self.then or (self.be is None) == (self.grow is False):
            raise InputError(f"{self!r}: say which feature follows, then=, and how: be= or grow=, one of them")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        variables = limits.variables
        cause = variables.position(self.feature, self)
        effect = variables.position(self.then, self)
        to = None if self.to is None else self._encoded(limits, self.feature, self.to)
        if self.grow is False:
            wanted, step = self._encoded(limits, self.then, self.be), 0.0
        else:
            variables.number(self.then, self)
            amount = 0.0 if self.grow is True else float(self.grow)
            ends = variables.encode(effect, np.array([0.0, amount]))
            wanted, step = None, ends[1] - ends[0] - 1e-9 * (amount > 0)

        def rule(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
            caused = rows[:, cause] != values[:, cause]
            if to is not None:
                caused &= rows[:, cause] == to
            if wanted is not None:
                return ~caused | (rows[:, effect] == wanted)
            grown = rows[:, effect] - values[:, effect]
            return ~caused | ((grown > 0) & (grown >= step))

        limits.rules.append((repr(self), rule))

    def _encoded(self, limits: Limits, name: str, value: Any) -> float:
        variables = limits.variables
        position = variables.position(name, self)
        if variables.levels[position] is not None:
            return float(variables.code(name, value, self))
        if isinstance(value, bool) or not isinstance(value, Real):
            raise InputError(f"{self!r}: {name!r} is a number, {value!r} is none")
        return float(variables.encode(position, np.array([float(value)]))[0])

    def __repr__(self) -> str:
        to = "" if self.to is None else f", to={self.to!r}"
        how = f"grow={self.grow!r}" if self.grow is not False else f"be={self.be!r}"
        return f"Implies({self.feature!r}{to}, then={self.then!r}, {how})"


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

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        decode = limits.variables.decode

        def rule(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
            if not len(rows):
                return np.ones(0, bool)
            kept = np.asarray(self.holds(decode(rows)))
            if kept.shape != (len(rows),) or kept.dtype != bool:
                raise InputError(
                    f"{self!r}: the predicate must give a bool for each of {len(rows)} rows, it gave "
                    f"{kept.dtype} {kept.shape}"
                )
            return kept

        limits.rules.append((repr(self), rule))

    def __repr__(self) -> str:
        return f"Where({self.name or getattr(self.holds, '__name__', 'a predicate')})"


def _names(features: Iterable[str]) -> tuple[str, ...]:
    names = (features,) if isinstance(features, str) else tuple(features)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"Freeze: {name!r} is not a feature's name (a text)")
    return names


def _shown(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
