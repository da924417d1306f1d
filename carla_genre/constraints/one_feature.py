"""Constraints on features one by one, in the units and the spelling of the table."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from carla_genre.constraints.constraint import Constraint, is_double
from carla_genre.constraints.limits import Limits
from carla_genre.errors import InputError
from carla_genre.frames import doubles


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
            raise InputError(
                'Freeze: name the features, Freeze("age", "sex"), or those that may change, only=[...]'
            )

    def frozen(self, names: Iterable[str]) -> list[str]:
        """Which of these features stay as they are."""
        named = self.features if self.only is None else self.only
        return [name for name in names if (name in named) == (self.only is None)]

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        for name in self.only or self.features:
            limits.variables.position(name, self)
        names = limits.variables.names
        limits.freeze([names.index(name) for name in self.frozen(names)])

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
        A categorical's levels from the lowest to the highest; an ordered pandas Categorical has its own. A level that
        is not among them is neither left nor entered.
    """

    feature: str
    direction: str
    order: Sequence[Any] | None = None

    def __post_init__(self) -> None:
        if self.direction not in ("up", "down"):
            raise InputError(f'{self!r}: the direction is "up" or "down"')
        if self.order is not None:
            object.__setattr__(self, "order", _listed(self.order, self.feature, "order= is a list of levels"))
            if not all(isinstance(level, Hashable) for level in self.order):
                raise InputError(f"{self!r}: order= is a list of levels, and has lists or the like in it")
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
        rank = limits.variables.ranks(self.feature, self.order, self)
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
        ends: tuple[Any, Any] = self.low, self.high
        for end in ends:
            if end is not None and not is_double(end):
                raise InputError(f"{self!r}: {end!r} is no number of double precision (None is an open end)")
        if self.low is None and self.high is None:
            raise InputError(f"{self!r}: give low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InputError(f"{self!r}: the range is empty, {self.low} is above {self.high}")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        position = limits.variables.number(self.feature, self)
        ends = [-np.inf if self.low is None else self.low, np.inf if self.high is None else self.high]
        if self.relative:
            own = doubles(limits.raw[self.feature])
            with np.errstate(invalid="ignore"):  # a gap has no share
                bounds = [np.where(np.isinf(end), end, own + end * np.abs(own)) for end in ends]
        else:
            bounds = [np.full(len(limits.values), float(end)) for end in ends]
        low, high = (
            limits.encoded_end(position, end, way) for end, way in zip(bounds, (np.inf, -np.inf), strict=True)
        )
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
        if self.levels is not None:
            object.__setattr__(self, "levels", _listed(self.levels, self.feature, "the levels are a list"))
        pairs = _listed(self.forbidden, self.feature, "forbidden= is a list of pairs (from, to)")
        object.__setattr__(self, "forbidden", pairs)
        if any(not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2 for pair in pairs):
            raise InputError(f"{self!r}: forbidden= is a list of pairs (from, to)")
        object.__setattr__(self, "forbidden", tuple(map(tuple, pairs)))
        if not self.levels and not self.forbidden:
            raise InputError(
                f"{self!r}: name the levels, or forbidden changes; Freeze({self.feature!r}) allows none"
            )

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


@dataclass(frozen=True, repr=False)
class Weight(Constraint):
    """How much a change of a feature counts: its cost is multiplied by ``factor`` > 0."""

    feature: str
    factor: float

    def __post_init__(self) -> None:
        given: Any = self.factor
        if not is_double(given) or not 0 < float(given) < math.inf:
            raise InputError(f"{self!r}: the factor is a number above 0")

    def narrow(self, limits: Limits) -> None:
        """See the class."""
        limits.weights[limits.variables.position(self.feature, self)] *= self.factor

    def __repr__(self) -> str:
        return f"Weight({self.feature!r}, {self.factor})"


def _listed(given: Any, feature: str, wanted: str) -> tuple[Any, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"{feature!r}: {wanted}, got {given!r}")
    return tuple(given)


def _names(features: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(features, Iterable):
        raise InputError(f"Freeze: only= is a list of features, got {features!r}")
    names = (features,) if isinstance(features, str) else tuple(features)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"Freeze: {name!r} is not a feature's name (a text)")
    return names


def _shown(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
