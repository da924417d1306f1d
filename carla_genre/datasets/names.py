"""Names that users give, checked; an error has the nearest right one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from carla_genre.errors import InputError
from carla_genre.suggestions import did_you_mean


def one_of(value: object, argument: str, allowed: Iterable[str]) -> str:
    """Return ``value`` if it is one of the allowed words, else raise."""
    allowed = list(allowed)
    if isinstance(value, str) and value in allowed:
        return value
    raise InputError(f"{argument}={value!r}: expected one of {allowed}.{did_you_mean(value, allowed)}")


def whole_number(value: Any, argument: str, low: int = 0, high: int = 2**32 - 1) -> int:
    """Return ``value`` if it is a whole number from low to high, else raise."""
    if (
        isinstance(value, bool | np.bool_)
        or not isinstance(value, int | np.integer)
        or not low <= value <= high
    ):
        raise InputError(f"{argument}={value!r}: expected a whole number from {low} to {high}")
    return int(value)


def as_names(value: str | Iterable[str] | None, argument: str) -> list[str]:
    """Return column names as a list without repeats; a single text is one name."""
    if value is None:
        return []
    if not isinstance(value, Iterable):
        raise InputError(f"{argument}={value!r}: expected a list of column names")
    names = [value] if isinstance(value, str) else list(value)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"{argument}: {name!r} is not a column's name (a text)")
    return list(dict.fromkeys(names))


def check_known(names: Iterable[str], argument: str, columns: Iterable[str]) -> None:
    """Raise for the first name that is no column."""
    columns = list(columns)
    for name in names:
        if name not in columns:
            shown = ", ".join(map(repr, columns[:12])) + (", ..." if len(columns) > 12 else "")
            raise InputError(
                f"{argument}: there is no column {name!r}.{did_you_mean(name, columns)} Columns: {shown}"
            )
