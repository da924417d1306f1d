"""Cells of encoded columns as numbers and level codes, with errors that name column and row."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from carla_genre.errors import UnreadableRows
from carla_genre.schema.feature import Feature

LARGEST_SINGLE = float(np.finfo(np.float32).max)
# Whole numbers from here on are not all doubles.
LARGEST_WHOLE = 2**53
# Squared distances that differ by less are equal: sums of the same numbers in another order.
_EQUALLY_NEAR = 1e-9
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
Rows = TypeVar("Rows", pd.DataFrame, pd.Series)
Result = TypeVar("Result")


def plain(value: Any) -> Any:
    """Turn one of numpy's scalars into Python's."""
    return value.item() if isinstance(value, np.generic) else value


def read_rows(read: Callable[[Rows], Result], rows: Rows) -> tuple[Result, np.ndarray, list[str]]:
    """What ``read`` makes of the rows that it can read, which these are, bool (B,), and why others are not.

    Raises
    ------
    UnreadableRows
        No row can be read; of ``read``.
    """
    readable, problems = np.ones(len(rows), bool), list[str]()
    while True:
        try:
            return read(rows if not problems else rows[readable]), readable, problems
        except UnreadableRows as error:
            if error.rows.all():
                raise
            problems.append(str(error))
            readable[readable] = ~error.rows


def numbers(column: pd.Series, name: str, gaps: bool = False) -> np.ndarray:
    """The numbers of a column, (B,); finite ones, but for NaN where there may be ``gaps``.

    Raises
    ------
    UnreadableRows
        A value is no number, or none that double precision holds.
    """
    try:
        if column.dtype.kind in "mMcSVO":
            for value in column.tolist():
                if isinstance(value, _NO_NUMBERS):
                    raise TypeError(f"it holds {value!r}")
        numbers: np.ndarray = column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError, OverflowError) as error:
        wrong = np.array([not _is_number(value) for value in column.tolist()], bool)
        raise unreadable(
            f"column {name!r} is not numeric ({error}): pass numbers (encoded rows come from catalog.transform)",
            column,
            wrong,
        ) from error
    bad = np.isinf(numbers) if gaps else ~np.isfinite(numbers)
    if bad.any():
        raise unreadable(f"column {name!r} has missing or infinite values", column, bad)
    large = (np.abs(numbers) >= LARGEST_WHOLE) & (column.dtype.kind not in "fb")
    if large.any():
        large &= ~column.map(lambda value: isinstance(value, float)).to_numpy(dtype=bool)
    if large.any():
        raise unreadable(
            f"column {name!r} has whole numbers of 2**53 or more, which double precision cannot hold: leave it out, or "
            "give it in larger units",
            column,
            large,
        )
    return numbers


def single_numbers(column: pd.Series, name: str, gaps: bool = False) -> np.ndarray:
    """:func:`numbers` (B,), float64, each within the range of single precision, in which classifiers compute."""
    found = numbers(column, name, gaps)
    large = np.abs(found) > LARGEST_SINGLE
    if large.any():
        raise unreadable(f"column {name!r} has numbers beyond single precision (3.4e38)", column, large)
    return found


def unreadable(message: str, rows: pd.DataFrame | pd.Series, wrong: np.ndarray) -> UnreadableRows:
    """The error about the rows that are ``wrong``, bool (B,), all if none is; it names the first."""
    wrong = wrong if wrong.any() else ~wrong
    first = rows.index[wrong].tolist()[0]  # a plain value: numpy's own are shown as np.int64(4)
    return UnreadableRows(f"row {first!r}: {message} ({wrong.sum()} of {len(wrong)} rows)", wrong)


def _is_number(value: Any) -> bool:
    if value is None or value is pd.NA:
        return True  # a gap
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return not isinstance(value, _NO_NUMBERS)


def codes(part: pd.DataFrame, feature: Feature) -> np.ndarray:
    """Each row's level number, (B,), from a categorical's columns.

    Raises
    ------
    UnreadableRows
        A row is none of the levels.
    """
    assert feature.levels is not None
    number = {level: code for code, level in enumerate(feature.levels)}
    try:
        distinct, inverse = _factorize_rows(part)
    except TypeError as error:
        wrong = ~part.map(lambda cell: isinstance(cell, Hashable)).all(axis=1).to_numpy()
        raise unreadable(
            f"categorical {feature.name!r} has a cell that is no single value ({error})", part, wrong
        ) from error
    # 1 + 0j equals 1, and is none
    found = np.array(
        [-1 if any(isinstance(cell, complex) for cell in row) else number.get(row, -1) for row in distinct]
    )
    result = found[inverse] if len(part) else np.empty(0)
    if len(part) and (found < 0).any():
        shown = dict(zip(feature.columns, distinct[int(np.argmax(found < 0))], strict=True))
        raise unreadable(
            f"{shown} is no level of categorical {feature.name!r}, rows must be encoded as the classifier's data",
            part,
            result < 0,
        )
    return result


def nearest_levels(part: pd.DataFrame, feature: Feature, own: np.ndarray) -> np.ndarray:
    """The level nearest to any numbers in a category's columns, (B,); NaN for a NaN.

    Of several it is the row's ``own``, (B,), where that is one of them; so it is for a text that is no level.
    """
    assert feature.levels is not None
    missing = part.isna().any(axis=1).to_numpy()
    if feature.is_text:
        number = {level[0]: float(code) for code, level in enumerate(feature.levels)}
        found = part.iloc[:, 0].map(number).to_numpy(dtype=float)
        return np.where(missing, np.nan, np.where(np.isnan(found), own, found))
    levels = np.array(feature.levels, dtype=float)  # (L, columns)
    distance = ((part.to_numpy(dtype=float)[:, None, :] - levels) ** 2).sum(axis=-1)  # (B, L)
    rows, mine = np.arange(len(part)), own.astype(int)
    least = np.where(missing, 0.0, distance.min(axis=1))
    nearest = np.where(distance[rows, mine] <= least + _EQUALLY_NEAR, mine, distance.argmin(axis=1))
    return np.where(missing, np.nan, nearest)


def _factorize_rows(part: pd.DataFrame) -> tuple[list[tuple[Hashable, ...]], np.ndarray]:
    halves = {name: float for name, dtype in part.dtypes.items() if dtype == np.float16}
    part = part.astype(halves) if halves else part  # pandas groups all numbers but these
    if part.shape[1] == 1:  # most categoricals; much quicker than groups
        numbers, values = pd.factorize(part.iloc[:, 0], use_na_sentinel=False)
        return [(plain(value),) for value in values], numbers
    numbers = part.groupby(list(part.columns), sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(numbers, return_index=True)[1]
    distinct = [
        tuple(plain(value) for value in row) for row in part.iloc[first].itertuples(index=False, name=None)
    ]
    return distinct, numbers
