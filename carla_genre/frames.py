"""Frames of rows as every room takes them: the columns that are needed, and which answer is whose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError


def check_columns(frame: Any, columns: Iterable[str], what: str = "the frame", whose: str = "the") -> None:
    """Raise unless it is a frame that has each of the columns once.

    Parameters
    ----------
    frame : DataFrame (B, any)
    columns : iterable of str
    what : str
        What the frame is, for the errors.
    whose : str
        Whose columns they are.

    Raises
    ------
    InputError
        It is no frame, its columns have several levels, or one is missing or there twice.
    """
    columns = list(columns)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{what} must be a DataFrame, got {type(frame).__name__}")
    if frame.columns.nlevels > 1:
        raise InputError(
            f"{what}: the columns have {frame.columns.nlevels} levels, expected one: the names {columns[:3]}, ..."
        )
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError(f"{what} lacks {whose} columns {missing}; it has {list(frame.columns)}")
    doubled = set(frame.columns[frame.columns.duplicated()]).intersection(columns)
    if doubled:
        raise InputError(f"{what} has the column {min(doubled)!r} twice")


def is_gap(cell: Any) -> bool:
    """Whether a cell or level is a missing one: None, NaN, NaT or NA."""
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and cell != cell)


def doubles(column: pd.Series) -> np.ndarray:
    """Numbers in double precision, (n,), gaps as NaN; 33.7 in single precision is 33.7 and not 33.70000076."""
    numbers: np.ndarray = column.to_numpy(dtype=float, na_value=np.nan)
    if not is_single(column.dtype):
        return numbers
    distinct, places = np.unique(numbers.astype(_plain_dtype(column.dtype)), return_inverse=True)
    return np.array([float(str(one)) for one in distinct])[places]


def next_number(numbers: np.ndarray, towards: float, dtype: Any) -> np.ndarray:
    """The next numbers (n,) that a column of a dtype can hold, towards an infinite end."""
    kind = _plain_dtype(dtype) if is_single(dtype) else np.float64
    following: np.ndarray = np.nextafter(numbers.astype(kind), np.array(towards, kind)).astype(float)
    return following


def is_single(dtype: Any) -> bool:
    """Whether numbers have single precision or less, in numpy's dtypes, pandas' or pyarrow's."""
    return _plain_dtype(dtype) in (np.float16, np.float32)


def _plain_dtype(dtype: Any) -> Any:
    """Numpy's dtype of pandas' Float32 and the like."""
    return getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))


def matched(answers: pd.DataFrame, factuals: pd.Index, owner: str = "the method") -> pd.DataFrame:
    """The answers in the factuals' order and under their labels.

    Answers under the factuals' own labels are matched by label, in whatever order; several answers a factual repeat
    its label. Answers numbered 0, 1, 2, ... of factuals that have other labels are matched by position, as CARLA's
    methods of the released package number theirs; several answers a factual lie next to each other.

    Parameters
    ----------
    answers : DataFrame (B * n, any)
    factuals : Index (B,)
    owner : str
        Whose answers they are, for the errors.

    Raises
    ------
    InputError
        There are not equally many for each factual, the labels are others, or the factuals have the labels
        0 to B - 1 in another order, so that the answers 0, 1, 2, ... may be meant either way.
    """
    each, left = divmod(len(answers), max(len(factuals), 1))
    if left or (len(factuals) and not each):
        raise InputError(
            f"{owner} gave {len(answers)} answers to {len(factuals)} factuals: one row a factual is wanted, of NaN "
            "where there is no answer"
        )
    index, own = answers.index, factuals.repeat(each)
    if index.equals(own):
        return answers
    place = factuals.get_indexer(index) if factuals.is_unique else np.full(len(index), -1)
    same_labels = (place >= 0).all() and (np.bincount(place, minlength=len(factuals)) == each).all()
    numbered = index.equals(pd.RangeIndex(len(index)))
    if same_labels == numbered:
        reason = (
            "the factuals have these labels in another order"
            if numbered
            else "the labels are not the factuals'"
        )
        raise InputError(
            f"whose the answers of {owner} are cannot be told: {reason}. Give answers that are in the factuals' order "
            "their index (answers.set_axis(factuals.index)), others their labels in the factuals' order "
            "(answers.loc[factuals.index])"
        )
    return (answers.iloc[np.argsort(place, kind="stable")] if same_labels else answers).set_axis(own)
