"""What recourse may do with a feature, in the data's original units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import pandas as pd

from carla_genre.datasets.names import as_names, check_known
from carla_genre.datasets.roles import Roles
from carla_genre.errors import InputError

Constraints = dict[str, dict[str, Any]]


def build_constraints(
    roles: Roles,
    increasing: str | Iterable[str] = (),
    decreasing: str | Iterable[str] = (),
    ranges: Mapping[str, tuple[float | None, float | None]] | None = None,
    *,
    table: pd.DataFrame,
) -> Constraints:
    """Return ``{feature: {"direction": "increase" | "decrease", "range": (low, high)}}``.

    A feature without constraints has no entry, an entry without a range no ``"range"``.
    An open end of a range (None) becomes the end of the values in ``table``, which is in original units.

    Raises
    ------
    InputError
        A feature is unknown, categorical, or both increasing and decreasing, or a range is no pair low < high.
    """
    up, down = as_names(increasing, "increasing"), as_names(decreasing, "decreasing")
    if not isinstance(ranges, Mapping | None):
        raise InputError(f"ranges={ranges!r}: expected a dict, feature -> (low, high)")
    bounds = dict(ranges or {})
    features = [*roles.continuous, *roles.categorical]
    for argument, names in (("increasing", up), ("decreasing", down), ("ranges", list(bounds))):
        check_known(names, argument, features)
        for name in names:
            if name in roles.categorical:
                raise InputError(f"{argument}: {name!r} is categorical, which has no direction and no range")
    for name in up:
        if name in down:
            raise InputError(f"{name!r} is both increasing and decreasing: put it into immutables instead")
    constraints: Constraints = {}
    for name in features:
        entry: dict[str, Any] = {}
        if name in up or name in down:
            entry["direction"] = "increase" if name in up else "decrease"
        if name in bounds:
            entry["range"] = _interval(name, bounds[name], table[name])
        if entry:
            constraints[name] = entry
    return constraints


def _interval(name: str, bounds: Any, values: pd.Series) -> tuple[float, float]:
    if isinstance(bounds, str) or not isinstance(bounds, Iterable) or len(pair := list(bounds)) != 2:
        raise InputError(f"ranges[{name!r}]={bounds!r}: expected a pair (low, high)")
    for bound in pair:
        if bound is not None and (not isinstance(bound, Real) or not math.isfinite(bound)):
            raise InputError(f"ranges[{name!r}]: {bound!r} is not a number (None is an open end)")
    low = float(values.min() if pair[0] is None else pair[0])
    high = float(values.max() if pair[1] is None else pair[1])
    if low >= high:
        raise InputError(f"ranges[{name!r}]: the low end {low:g} is not below the high end {high:g}")
    return low, high
