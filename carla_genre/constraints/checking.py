"""Constraints held against the table, and against each other, when they are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, combinations, product
from typing import Any

import numpy as np

from carla_genre.constraints.constraint import Constraint
from carla_genre.constraints.limits import Limits, Variables
from carla_genre.constraints.one_feature import Allowed, OneWay, Range
from carla_genre.errors import InputError
from carla_genre.generator.constraints import Bounds


def check_constraints(
    constraints: Constraint | Iterable[Constraint],
    variables: Variables,
    empty: Any,
    held: Sequence[Constraint] = (),
) -> tuple[Constraint, ...]:
    """The constraints as a tuple, each known to speak of features and levels that there are.

    Parameters
    ----------
    constraints : Constraint or iterable of Constraint
    variables : Variables
    empty : DataFrame (0, any)
        The table's columns, without a row.
    held : sequence of Constraint
        What holds besides, and is known to be right.

    Raises
    ------
    InputError
        One is no constraint, or names what the table does not have; two, or one and one that holds, leave nothing.
    """
    one_or_many: Any = constraints
    if not isinstance(one_or_many, Constraint) and (
        isinstance(one_or_many, str) or not isinstance(one_or_many, Iterable)
    ):
        raise InputError(
            f"constraints: {one_or_many!r} is none: take a list of those of carla_genre.constraints"
        )
    given = (one_or_many,) if isinstance(one_or_many, Constraint) else tuple(one_or_many)
    for one in given:
        if not isinstance(one, Constraint):
            raise InputError(f"constraints: {one!r} is none: take those of carla_genre.constraints")
    d = len(variables.names)
    nobody = np.empty((0, d))
    limits = Limits(variables, empty, nobody, Bounds(nobody.copy(), nobody.copy(), {}))
    for one in given:
        one.narrow(limits)
    for first, second in chain(product(held, given), combinations(given, 2)):
        if _contradict(first, second):
            raise InputError(f"{first!r} and {second!r} leave nothing: Freeze({first.feature!r}) says so")
    return given


def check_ranges(constraints: Iterable[Constraint], variables: Variables) -> None:
    """See that ranges for everybody have some of the numbers that an answer may have.

    Raises
    ------
    InputError
        One has none: most likely it is in another unit.
    """
    spans = dict(zip(variables.names, variables.spans, strict=True))
    for one in constraints:
        span = spans[one.feature] if isinstance(one, Range) and not one.relative else None
        if span is None:
            continue
        low, high = one.low, one.high  # type: ignore[attr-defined]
        if (low is not None and low > span[1]) or (high is not None and high < span[0]):
            raise InputError(
                f"{one!r}: answers are inside of the table's numbers, from {span[0]:g} to {span[1]:g}, and none of "
                "these is in the range. Is it in the table's units?"
            )


def _contradict(first: Constraint, second: Constraint) -> bool:
    """Whether two constraints on one feature allow no change at all."""
    if type(first) is not type(second) or getattr(first, "feature", 0) != getattr(second, "feature", 1):
        return False
    if isinstance(first, OneWay) and isinstance(second, OneWay):
        return first.direction != second.direction and first.order == second.order
    if isinstance(first, Range) and isinstance(second, Range):
        low = max(end for end in (first.low, second.low, -np.inf) if end is not None)
        high = min(end for end in (first.high, second.high, np.inf) if end is not None)
        return first.relative == second.relative and low > high
    if isinstance(first, Allowed) and isinstance(second, Allowed):
        both = first.levels is not None and second.levels is not None
        return both and not set(map(str, first.levels or ())) & set(map(str, second.levels or ()))
    return False
