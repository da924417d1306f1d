"""Encoded columns <-> features: one position a feature, a one-hot group being one position."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError

if TYPE_CHECKING:
    from carla.data.api import Data
    from carla.models.api import MLModel

_DIRECTIONS = {None: 0, "increase": 1, "decrease": -1}


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
    """

    name: str
    columns: tuple[str, ...]
    levels: tuple[tuple[Hashable, ...], ...] | None = None
    immutable: bool = False
    direction: int = 0
    lower: float = -np.inf
    upper: float = np.inf

    @property
    def kind(self) -> str:
        """``"continuous"`` or ``"categorical"``."""
        return "continuous" if self.levels is None else "categorical"


@dataclass(frozen=True)
class Schema:
    """The features of a classifier's input, in the order of their first encoded column.

    Parameters
    ----------
    features : tuple of Feature
        D features.
    columns : tuple of str
        The classifier's ``feature_input_order``: every feature's columns, each once.
    """

    features: tuple[Feature, ...]
    columns: tuple[str, ...]

    @classmethod
    def from_mlmodel(
        cls, mlmodel: MLModel, constraints: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Schema:
        """Read the schema of a CARLA classifier and its data.

        Parameters
        ----------
        mlmodel : carla.models.api.MLModel
            Gives ``feature_input_order`` and ``data``. A feature that the classifier does not see is
            not part of the schema.
        constraints : mapping, optional
            Feature name -> ``{"direction": "increase" | "decrease", "range": (low, high),
            "immutable": bool}``, the range in the data's original units. They come on top of the
            catalog's own ``constraints`` attribute, where it has one.

        Raises
        ------
        InputError
            A column of the classifier belongs to no feature, or a constraint names no feature.
        """
        data = mlmodel.data
        columns = tuple(str(column) for column in mlmodel.feature_input_order)
        groups = _group_columns(data, columns)
        merged = _merge_constraints(data, constraints, groups)
        train = data.df_train
        immutables = set(data.immutables or ())
        categorical = set(data.categorical or ())
        features = []
        for name, group in groups.items():
            rules = merged.get(name, {})
            frozen = name in immutables or bool(rules.get("immutable", False))
            if name in categorical:
                if "direction" in rules or "range" in rules:
                    raise InputError(f"constraint on {name!r}: a categorical has no direction or range")
                levels = _levels(name, group, data.df)
                features.append(Feature(name, group, levels, frozen))
            else:
                direction = _DIRECTIONS[rules.get("direction")]
                lower, upper = _range(name, rules.get("range"), train[group[0]], data)
                features.append(Feature(name, group, None, frozen, direction, lower, upper))
        return cls(tuple(features), columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The D features' names."""
        return tuple(feature.name for feature in self.features)

    @property
    def categorical(self) -> np.ndarray:
        """Which positions are categorical, bool (D,)."""
        return np.array([feature.levels is not None for feature in self.features], dtype=bool)

    @property
    def immutable(self) -> np.ndarray:
        """Which positions may not change, bool (D,)."""
        return np.array([feature.immutable for feature in self.features], dtype=bool)

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Give each row one value a feature.

        Parameters
        ----------
        frame : DataFrame (B, any)
            Encoded rows; columns in any order, further columns are ignored.

        Returns
        -------
        ndarray (B, D), float64
            The scaled value of a continuous feature, the level's number of a categorical one.

        Raises
        ------
        InputError
            A column is missing, a value is not a finite number, or a group is none of its levels.
        """
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise InputError(
                f"the frame lacks the classifier's columns {missing}; it has {list(frame.columns)}"
            )
        values = np.empty((len(frame), len(self.features)))
        for position, feature in enumerate(self.features):
            part = frame[list(feature.columns)]
            if part.shape[1] != len(feature.columns):
                raise InputError(f"the frame has a column of feature {feature.name!r} twice")
            if feature.levels is None:
                values[:, position] = _numbers(part.iloc[:, 0], feature.name)
            else:
                values[:, position] = _codes(part, feature)
        return values

    def decode(self, values: np.ndarray, index: Iterable[Hashable] | pd.Index | None = None) -> pd.DataFrame:
        """Turn one value a feature back into the classifier's columns.

        Parameters
        ----------
        values : ndarray (B, D)
            As :meth:`encode` gives them; a row that has a NaN becomes a row of NaN.
        index : index of length B, optional
            The rows' index.

        Returns
        -------
        DataFrame (B, len(columns))
            Columns in the classifier's order.
        """
        values = np.asarray(values, dtype=float)
        if values.ndim != 2 or values.shape[1] != len(self.features):
            raise InputError(f"values: expected shape (B, {len(self.features)}), got {values.shape}")
        answered = ~np.isnan(values).any(axis=1)
        data: dict[str, np.ndarray] = {}
        for position, feature in enumerate(self.features):
            if feature.levels is None:
                data[feature.columns[0]] = np.where(answered, values[:, position], np.nan)
                continue
            codes = np.where(answered, values[:, position], 0).astype(int)
            for place, column in enumerate(feature.columns):
                cells = np.array([level[place] for level in feature.levels])[codes]
                data[column] = cells if answered.all() else np.where(answered, cells, np.nan)
        frame_index = None if index is None else pd.Index(index)
        return pd.DataFrame(data, index=frame_index, columns=list(self.columns))

    def cost(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """L1 cost of changing ``a`` to ``b``: |difference| a continuous feature, 1 a changed category.

        The paper's C (section 2) for binary categories, where both agree; infinite where an
        immutable differs is left to the caller.

        Parameters
        ----------
        a, b : ndarray (..., D)
            Encoded rows that broadcast.

        Returns
        -------
        ndarray (...)
        """
        difference = np.abs(np.asarray(a, float) - np.asarray(b, float))
        difference[..., self.categorical] = np.where(np.isnan(difference), np.nan, difference > 0)[
            ..., self.categorical
        ]
        return difference.sum(axis=-1)

    def to_dict(self) -> dict[str, Any]:
        """The schema in JSON's types."""
        return {
            "columns": list(self.columns),
            "features": [
                {
                    "name": f.name,
                    "columns": list(f.columns),
                    "levels": None
                    if f.levels is None
                    else [[_plain(v) for v in level] for level in f.levels],
                    "immutable": f.immutable,
                    "direction": f.direction,
                    "range": [None if np.isinf(bound) else bound for bound in (f.lower, f.upper)],
                }
                for f in self.features
            ],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Schema:
        """The inverse of :meth:`to_dict`."""
        features = []
        for f in content["features"]:
            levels = None if f["levels"] is None else tuple(tuple(level) for level in f["levels"])
            lower, upper = f["range"]
            features.append(
                Feature(
                    f["name"],
                    tuple(f["columns"]),
                    levels,
                    f["immutable"],
                    f["direction"],
                    -np.inf if lower is None else lower,
                    np.inf if upper is None else upper,
                )
            )
        return cls(tuple(features), tuple(content["columns"]))


def _group_columns(data: Data, columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Feature name -> its columns, in the order of ``columns``."""
    owner: dict[str, str] = {name: name for name in [*(data.continuous or ()), *(data.categorical or ())]}
    encoder = getattr(data, "encoder", None)
    categories = getattr(encoder, "categories_", None)
    if categories is not None and not getattr(data, "_identity_encoding", False):
        for name, levels in zip(data.categorical, categories, strict=False):
            owner.update({f"{name}_{level}": name for level in levels})
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


def _by_prefix(column: str, categorical: Iterable[str]) -> str | None:
    """The categorical whose name is the longest prefix of a column, for data without an encoder."""
    owners = [name for name in categorical if column.startswith(f"{name}_")]
    return max(owners, key=len, default=None)


def _merge_constraints(
    data: Data, constraints: Mapping[str, Mapping[str, Any]] | None, names: Iterable[str]
) -> dict[str, dict[str, Any]]:
    known = list(names)
    merged: dict[str, dict[str, Any]] = {}
    for source, strict in ((getattr(data, "constraints", None), False), (constraints, True)):
        for name, rules in (source or {}).items():
            if name not in known:
                if not strict:  # the catalog may constrain a feature that this classifier does not see
                    continue
                near = difflib.get_close_matches(str(name), known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; features are {known}"
                raise InputError(f"constraints name {name!r}, which is no feature of the classifier{hint}")
            unknown = set(rules) - {"direction", "range", "immutable"}
            if unknown or rules.get("direction") not in _DIRECTIONS:
                raise InputError(
                    f"constraint on {name!r}: expected keys 'direction' ('increase' or 'decrease'), "
                    f"'range' (low, high) and 'immutable', got {dict(rules)}"
                )
            merged.setdefault(name, {}).update(rules)
    return merged


def _levels(name: str, group: tuple[str, ...], frame: pd.DataFrame) -> tuple[tuple[Hashable, ...], ...]:
    """The distinct values of a categorical's columns: a dropped first level has only zeros."""
    seen = frame[list(group)].drop_duplicates()
    if seen.isna().any(axis=None):
        raise InputError(f"categorical {name!r} has missing values: fill or drop them first")
    levels = [tuple(_plain(value) for value in row) for row in seen.itertuples(index=False, name=None)]
    if len(group) > 1 and any(sum(level) not in (0, 1) or set(level) - {0, 1} for level in levels):
        raise InputError(f"the columns {list(group)} of categorical {name!r} are not one-hot in the data")
    try:
        return tuple(sorted(levels, reverse=len(group) > 1))
    except TypeError as error:
        raise InputError(f"categorical {name!r} mixes types: {levels[:5]}") from error


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _range(name: str, wanted: Any, train: pd.Series, data: Data) -> tuple[float, float]:
    seen = float(train.min()), float(train.max())
    if wanted is None:
        return seen
    try:
        low, high = (float(bound) for bound in wanted)
    except (TypeError, ValueError) as error:
        raise InputError(f"constraint on {name!r}: range must be two numbers, got {wanted!r}") from error
    low, high = (
        max(_to_frame_units(name, low, data), seen[0]),
        min(_to_frame_units(name, high, data), seen[1]),
    )
    if not low <= high:
        raise InputError(f"constraint on {name!r}: no training row is inside the range {tuple(wanted)}")
    return low, high


def _to_frame_units(name: str, bound: float, data: Data) -> float:
    scaler = getattr(data, "scaler", None)
    if scaler is None or np.isinf(bound):
        return bound
    row = pd.DataFrame(0.0, index=[0], columns=list(data.continuous))
    row[name] = bound
    return float(np.asarray(scaler.transform(row))[0, list(data.continuous).index(name)])


def _numbers(column: pd.Series, name: str) -> np.ndarray:
    try:
        numbers = column.to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"column {name!r} is not numeric: pass encoded rows (catalog.transform does it)"
        ) from error
    bad = ~np.isfinite(numbers)
    if bad.any():
        first = column.index[bad][0]
        raise InputError(
            f"column {name!r} has {bad.sum()} missing or infinite values, the first at row {first!r}"
        )
    return numbers


def _codes(part: pd.DataFrame, feature: Feature) -> np.ndarray:
    assert feature.levels is not None
    codes = {level: code for code, level in enumerate(feature.levels)}
    distinct, inverse = _factorize_rows(part)
    found = np.array([codes.get(row, -1) for row in distinct])
    result = found[inverse] if len(part) else np.empty(0)
    if len(part) and (found < 0).any():
        row = part.index[int(np.argmax(result < 0))]
        unknown = distinct[int(np.argmax(found < 0))]
        raise InputError(
            f"row {row!r}: {dict(zip(feature.columns, unknown, strict=True))} is no level of "
            f"categorical {feature.name!r} (rows must be encoded as the classifier's data)"
        )
    return result


def _factorize_rows(part: pd.DataFrame) -> tuple[list[tuple[Hashable, ...]], np.ndarray]:
    numbers = part.groupby(list(part.columns), sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(numbers, return_index=True)[1]
    distinct = [
        tuple(_plain(value) for value in row) for row in part.iloc[first].itertuples(index=False, name=None)
    ]
    return distinct, numbers
