"""Cells of encoded columns as numbers and level codes, with errors that name column and row."""

from __future__ import annotations

import datetime
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.schema.feature import Feature

LARGEST_WHOLE = 2**53
# What numpy would turn into a number that nobody meant.
_NO_NUMBERS = (
    complex,
    bytes,
    datetime.date,
    datetime.timedelta,
    np.datetime64,
    np.timedelta64,
    np.complexfloating,
    type(pd.NaT),
)


def plain(value: Any) -> Any:
    """Turn one of numpy's scalars into Python's."""
    return value.item() if isinstance(value, np.generic) else value


def numbers(column: pd.Series, name: str, gaps: bool = False) -> np.ndarray:
    """The numbers of a column, (B,); finite ones, but for NaN where there may be ``gaps``.

    Raises
    ------
    InputError
        A value is no number, or none that double precision holds.
    """
    try:
        if column.dtype.kind in "mMcSVO":
            for value in column.tolist():
                if isinstance(value, _NO_NUMBERS):
                    raise TypeError(f"it holds {value!r}")
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"column {name!r} is not numeric ({error}): pass numbers (encoded rows come from catalog.transform)"
        ) from error
    bad = np.isinf(numbers) if gaps else ~np.isfinite(numbers)
    if bad.any():
        first = column.index[bad].tolist()[0]  # a plain value: numpy's own are shown as np.int64(4)
        raise InputError(
            f"column {name!r} has {bad.sum()} missing or infinite values, the first at row {first!r}"
        )
    if column.dtype.kind not in "fb" and (np.abs(numbers) >= LARGEST_WHOLE).any():
        raise InputError(
            f"column {name!r} has whole numbers of 2**53 or more, which double precision cannot hold: leave it out, or "
            "give it in larger units"
        )
    return numbers


def codes(part: pd.DataFrame, feature: Feature) -> np.ndarray:
    """Each row's level number, (B,), from a categorical's columns."""
    assert feature.levels is not None
    number = {level: code for code, level in enumerate(feature.levels)}
    try:
        distinct, inverse = _factorize_rows(part)
    except TypeError as error:  # a list or a dict
        raise InputError(
            f"categorical {feature.name!r} has a cell that is no single value: {error}"
        ) from error
    found = np.array([number.get(row, -1) for row in distinct])
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
    if part.shape[1] == 1:  # most categoricals; much quicker than groups
        numbers, values = pd.factorize(part.iloc[:, 0], use_na_sentinel=False)
        return [(plain(value),) for value in values], numbers
    numbers = part.groupby(list(part.columns), sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(numbers, return_index=True)[1]
    distinct = [
        tuple(plain(value) for value in row) for row in part.iloc[first].itertuples(index=False, name=None)
    ]
    return distinct, numbers
