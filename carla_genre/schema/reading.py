"""Read features and their constraints from a CARLA classifier and its data."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.blackbox import BlackBoxData
from carla_genre.errors import InputError
from carla_genre.schema.cells import plain
from carla_genre.schema.feature import Feature
from carla_genre.suggestions import suggestion

_DIRECTIONS = {None: 0, "increase": 1, "decrease": -1}


def read_features(
    data: BlackBoxData, columns: Sequence[str], constraints: Mapping[str, Mapping[str, Any]] | None
) -> tuple[Feature, ...]:
    """Group a classifier's columns into features, with the catalog's constraints and further ones."""
    groups = group_columns(data, columns)
    merged = _merge_constraints(data, constraints, groups)
    categorical, immutables = set(data.categorical or ()), set(data.immutables or ())
    whole, train = data.df, data.df_train
    features = []
    for name, group in groups.items():
        rules = merged.get(name, {})
        frozen = name in immutables or bool(rules.get("immutable", False))
        if name in categorical:
            if "direction" in rules or "range" in rules:
                raise InputError(f"constraint on {name!r}: a categorical has no direction or range")
            features.append(Feature(name, group, _levels(name, group, whole), frozen))
        else:
            seen = float(train[group[0]].min()), float(train[group[0]].max())
            lower, upper = _range(name, rules.get("range"), seen, data)
            direction = _DIRECTIONS[rules.get("direction")]
            features.append(Feature(name, group, None, frozen, direction, lower, upper, seen))
    return tuple(features)


def group_columns(data: BlackBoxData, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Feature name -> its columns, in the order of ``columns``."""
    owner: dict[str, str] = {name: name for name in [*(data.continuous or ()), *(data.categorical or ())]}
    for feature, levels in encoder_levels(data).items():
        owner.update({f"{feature}_{level}": feature for level in levels})
    groups: dict[str, list[str]] = {}
    for column in columns:
        name = owner.get(column) or _by_prefix(column, data.categorical or ())
        if name is None:
            raise InputError(
                f"the classifier's column {column!r} belongs to no feature of its data: "
                f"continuous {list(data.continuous)}, categorical {list(data.categorical)}"
            )
        groups.setdefault(name, []).append(column)
    return {name: tuple(group) for name, group in groups.items()}


def encoder_levels(data: BlackBoxData) -> dict[str, np.ndarray]:
    """Categorical -> its levels in original units, as the data's encoder has them; empty without an encoder."""
    categories = getattr(getattr(data, "encoder", None), "categories_", None)
    if categories is None or getattr(data, "_identity_encoding", False):
        return {}
    return dict(zip(data.categorical, categories, strict=False))


def _by_prefix(column: str, categorical: Iterable[str]) -> str | None:
    """The categorical whose name is the longest prefix of a column, for data without an encoder."""
    owners = [name for name in categorical if column.startswith(f"{name}_")]
    return max(owners, key=len, default=None)


def _merge_constraints(
    data: BlackBoxData, constraints: Mapping[str, Mapping[str, Any]] | None, names: Iterable[str]
) -> dict[str, dict[str, Any]]:
    if constraints is not None and not isinstance(constraints, Mapping):
        raise InputError(f"constraints must be a dict, feature -> rules, got {type(constraints).__name__}")
    known = list(names)
    merged: dict[str, dict[str, Any]] = {}
    for source, strict in ((getattr(data, "constraints", None), False), (constraints, True)):
        for name, rules in (source or {}).items():
            if name not in known:
                if not strict:  # the catalog may constrain a feature that this classifier does not see
                    continue
                raise InputError(
                    f"constraints name {name!r}, which is no feature of the classifier: {suggestion(name, known)}"
                )
            merged[name] = _intersection(name, merged.get(name, {}), rules)
    return merged


def _intersection(name: str, one: Mapping[str, Any], rules: Any) -> dict[str, Any]:
    """Checked rules of a feature and those of ``one`` at once: no rule takes back what another one forbids."""
    if (
        not isinstance(rules, Mapping)
        or set(rules) - {"direction", "range", "immutable"}
        or rules.get("direction") not in tuple(_DIRECTIONS)
    ):
        raise InputError(
            f"constraint on {name!r}: expected a dict with keys 'direction' ('increase' or 'decrease'), "
            f"'range' (low, high) and 'immutable', got {rules!r}"
        )
    both = {**one, **{key: value for key, value in rules.items() if value is not None}}
    both["immutable"] = bool(one.get("immutable") or rules.get("immutable"))
    if one.get("direction", both.get("direction")) != both.get("direction"):
        raise InputError(
            f"constraint on {name!r}: direction {both['direction']!r} contradicts the data's {one['direction']!r}: "
            "leave it out, or make the feature immutable"
        )
    if "range" in both:
        low, high = both["range"] = _interval(name, both["range"])
        if "range" in one:
            both["range"] = max(low, one["range"][0]), min(high, one["range"][1])
        if both["range"][0] > both["range"][1]:
            raise InputError(
                f"constraint on {name!r}: range {(low, high)} has nothing in common with the data's {one['range']}"
            )
    return both


def _interval(name: str, wanted: Any) -> tuple[float, float]:
    try:
        low, high = (float(bound) for bound in wanted)
    except (TypeError, ValueError) as error:
        raise InputError(f"constraint on {name!r}: range must be two numbers, got {wanted!r}") from error
    if not low <= high:
        raise InputError(f"constraint on {name!r}: range must be (low, high), got {wanted!r}")
    return low, high


def _levels(name: str, group: tuple[str, ...], frame: pd.DataFrame) -> tuple[tuple[Hashable, ...], ...]:
    """The distinct values of a categorical's columns: a dropped first level has only zeros."""
    seen = frame[list(group)].drop_duplicates()
    if seen.isna().any(axis=None):
        raise InputError(f"categorical {name!r} has missing values: fill or drop them first")
    levels = [tuple(plain(value) for value in row) for row in seen.itertuples(index=False, name=None)]
    if len(group) > 1 and any(sum(level) not in (0, 1) or set(level) - {0, 1} for level in levels):
        raise InputError(f"the columns {list(group)} of categorical {name!r} are not one-hot in the data")
    try:
        return tuple(sorted(levels, reverse=len(group) > 1))
    except TypeError as error:
        raise InputError(f"categorical {name!r} mixes types: {levels[:5]}") from error


def _range(
    name: str, wanted: tuple[float, float] | None, seen: tuple[float, float], data: BlackBoxData
) -> tuple[float, float]:
    if wanted is None:
        return seen
    low, high = (_to_frame_units(name, bound, data) for bound in wanted)
    if low > seen[1] or high < seen[0]:
        raise InputError(f"constraint on {name!r}: no training row is inside the range {tuple(wanted)}")
    return max(low, seen[0]), min(high, seen[1])


def _to_frame_units(name: str, bound: float, data: BlackBoxData) -> float:
    scaler = getattr(data, "scaler", None)
    if scaler is None or np.isinf(bound):
        return bound
    row = pd.DataFrame(0.0, index=[0], columns=list(data.continuous))
    row[name] = bound
    return float(np.asarray(scaler.transform(row))[0, list(data.continuous).index(name)])
