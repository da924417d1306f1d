"""A user's CSV file or frame, brought to a plain table: unique text columns, no gaps, numbers and texts."""

from __future__ import annotations

import csv
import os
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from carla_genre.errors import InputError
from carla_genre.io import at_home
from carla_genre.schema.cells import numbers

Note = Callable[[str], None]


def read_table(source: Any, argument: str) -> pd.DataFrame:
    """Return a copy of a frame, or the content of a CSV file, with checked column names."""
    if isinstance(source, pd.DataFrame):
        table = source.copy()
        origin = f"{argument}: the frame"
    elif isinstance(source, str | os.PathLike):
        path = at_home(source)
        table = _read_csv(path)
        origin = str(path)
    else:
        raise InputError(
            f"{argument}: expected a frame or the path of a CSV file, got {type(source).__name__}"
        )
    _check_columns(table, origin)
    if table.empty:
        raise InputError(f"{origin} has no rows" if len(table.columns) else f"{origin} has no columns")
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        what = "is a folder, not a CSV file" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what} (looked from {Path.cwd()})")
    try:
        if path.suffix in {".csv", ".txt", ".tsv", ""}:
            _check_header(path)
        with warnings.catch_warnings():
            # Rows longer than the header: pandas would drop their ends, or make an index of their beginnings.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(path, index_col=False, skipinitialspace=True)
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{path} is empty") from error
    except InputError:
        raise
    except Exception as error:  # of pandas, or of the libraries that unpack .gz, .zip, .xz, .tar, ...
        raise InputError(
            f"{path} cannot be read as CSV ({error or type(error).__name__}). Read it with pandas and give the frame "
            "instead"
        ) from error
    return table.rename(columns=str.strip)


def _check_header(path: Path) -> None:
    """Check what pandas hides: it renames a repeated column."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        header = next(csv.reader(stream, skipinitialspace=True), [])
    _check_unique([name.strip() for name in header], str(path))
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            raise InputError(
                f"{path} is separated by {name}: read it with pandas.read_csv(..., sep={separator!r}) and give "
                "the frame instead"
            )


def _check_columns(table: pd.DataFrame, origin: str) -> None:
    wrong = [column for column in table.columns if not isinstance(column, str)]
    if wrong:
        raise InputError(
            f"{origin} has columns whose names are not texts: {wrong[:5]}. "
            "Rename them, for example frame.columns = [f'x{name}' for name in frame.columns]"
        )
    _check_unique(list(table.columns), origin)


def _check_unique(names: list[str], origin: str) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise InputError(f"{origin} has the column {repeated[0]!r} more than once: rename or remove it")


def plain_columns(table: pd.DataFrame, note: Note) -> pd.DataFrame:
    """Return the table with every column a number, a bool or a stripped text, or raise.

    Raises
    ------
    InputError
        A column holds dates, a mixture of types, or anything else that is neither number nor text; or values
        are missing or infinite (one message with all columns and how many each).
    """
    columns = {name: _plain(table[name], note) for name in table.columns}
    gaps = {name: int(_gaps(column).sum()) for name, column in columns.items()}
    found = [f"{name!r} ({count})" for name, count in gaps.items() if count]
    if found:
        raise InputError(
            f"values are missing or infinite in {', '.join(found)}: fill them, drop these rows "
            "(frame.dropna()) or leave the columns out (ignore=[...]). A real category 'NA' is read as one by "
            "pandas.read_csv(..., keep_default_na=False)"
        )
    return pd.DataFrame(
        {name: _without_extension(column) for name, column in columns.items()}, index=table.index
    )


def _plain(column: pd.Series, note: Note) -> pd.Series:
    """Return text without blanks around it and categories as their values; refuse dates and mixtures."""
    name = column.name
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if isinstance(column.dtype, pd.IntervalDtype):
        raise InputError(
            f"column {name!r} holds intervals: make them texts, table[{name!r}].astype(str), and train the classifier "
            "on the same"
        )
    is_period = isinstance(column.dtype, pd.PeriodDtype)
    if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column) or is_period:
        raise dates_refused(name)
    if types.is_bool_dtype(column) or types.is_numeric_dtype(column):
        if types.is_complex_dtype(column):
            raise InputError(f"column {name!r} holds complex numbers")
        return column
    column = column.astype(object) if isinstance(column.dtype, pd.ArrowDtype) else column
    kinds = {kind.__name__ for kind in column.dropna().map(type)}
    if not kinds:
        return column
    if kinds <= {"date", "datetime", "time", "timedelta", "Timestamp", "Timedelta", "Period"}:
        raise dates_refused(name)
    if kinds <= {"str"}:
        return _stripped(column, note)
    if kinds <= {"int", "float"}:
        numbers(column, str(name), gaps=True)  # inferring would round a whole number among floats
    inferred = column.infer_objects()
    if inferred.dtype != column.dtype:
        return _plain(inferred, note)
    if kinds == {"bool"}:
        return column.astype("boolean")
    if kinds <= {"int", "float", "Decimal"}:
        return pd.Series(numbers(column, str(name), gaps=True), index=column.index, name=name)
    raise InputError(
        f"column {name!r} holds values of several or unknown types ({', '.join(sorted(kinds))}): "
        "make them all numbers or all texts"
    )


def dates_refused(name: Any) -> InputError:
    """The error for a column of dates."""
    return InputError(
        f"column {name!r} holds dates or times: turn it into a number first (days since a date, a year), "
        f"or leave it out (ignore=[{name!r}])"
    )


def _stripped(column: pd.Series, note: Note) -> pd.Series:
    """Text without blanks around it, but where levels differ in these only: they are kept as they are written."""
    stripped = column.str.strip()
    changed = int((stripped != column).fillna(False).sum())
    if changed and stripped.nunique() < column.nunique():
        note(f"column {column.name!r}: values that differ in the blanks around them are taken as different")
        return column.mask(stripped == "")
    if changed:
        note(f"column {column.name!r}: blanks around {changed:,} values are of no account")
    return stripped.mask(stripped == "")


def _gaps(column: pd.Series) -> pd.Series:
    if types.is_float_dtype(column):
        return column.isna() | ~np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))
    return column.isna()


def _without_extension(column: pd.Series) -> pd.Series:
    """Return pandas' own nullable types as numpy's (no gaps are left here)."""
    if types.is_bool_dtype(column):
        return column.astype(bool)
    if types.is_integer_dtype(column):
        return pd.Series(numbers(column, str(column.name)), index=column.index, name=column.name).astype(
            np.int64
        )
    if types.is_float_dtype(column):
        return column.astype(np.float64)
    return pd.Series(column.to_numpy(dtype=object).tolist(), index=column.index, name=column.name)
