"""A user's table as one number a feature, and its rows back as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from carla_genre.constraints import Variables
from carla_genre.datasets.infer import infer_roles, refuse_written_numbers
from carla_genre.datasets.names import as_names, check_known
from carla_genre.datasets.roles import Roles
from carla_genre.datasets.table import Note, plain_columns
from carla_genre.errors import InputError
from carla_genre.files.columns import AnswerColumn
from carla_genre.frames import check_columns, doubles, is_single
from carla_genre.recourse.columns import LevelColumn, NumberColumn, held_in, plain_cells

# Texts of numbers are levels up to here; more are numbers that somebody has read as text.
MOST_NUMERIC_TEXTS = 10


class TableCodec:
    """The D features of a table.

    Parameters
    ----------
    columns : mapping
        Feature -> :class:`NumberColumn` or :class:`LevelColumn`, in the order of the features.

    Attributes
    ----------
    names : tuple of str
    """

    def __init__(self, columns: Mapping[str, NumberColumn | LevelColumn]) -> None:
        self.columns = dict(columns)
        self.names = tuple(columns)

    @classmethod
    def fit(cls, table: pd.DataFrame, categorical: Sequence[str], robust: bool = True) -> TableCodec:
        """Read the features of a table; those that ``categorical`` names have levels."""
        return cls(
            {
                name: LevelColumn.fit(table[name])
                if name in categorical
                else NumberColumn.fit(table[name], robust)
                for name in table.columns
            }
        )

    def encode(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Encoded rows (B, D), and a reason for each row that cannot be read, "" for the others (B,).

        Raises
        ------
        InputError
            A column is missing, or is there twice.
        """
        self.check_columns(frame)
        values, reasons = np.zeros((len(frame), len(self.names))), np.full(len(frame), "", dtype=object)
        for position, (name, column) in enumerate(self.columns.items()):
            values[:, position], why = column.read(frame[name])
            for row in np.flatnonzero(why != ""):
                reasons[row] = f"{reasons[row]}; {why[row]}" if reasons[row] else why[row]
        return values, reasons

    def typed(self, frame: pd.DataFrame, readable: np.ndarray) -> pd.DataFrame:
        """The frame (B, any) with the dtypes that its rows ``readable`` (B,) have without the others.

        A text among numbers makes the column's dtype object, which some classifiers refuse. The cells of the others are
        then of no account. A column of gaps alone says nothing of its dtype, and takes the table's.
        """
        typed, which = dict[str, pd.Series](), np.flatnonzero(readable)
        for name, column in self.columns.items():
            cells = frame[name]
            if column.gap is not None and cells.dtype != column.dtype and cells.isna().all():
                held = held_in(column.dtype, cells)
                typed.update({} if held is None else {name: held})
            elif cells.dtype == object != column.dtype and 0 < len(which) < len(frame):
                others = cells.to_numpy(copy=True)
                others[~readable] = others[which[0]]
                typed[name] = pd.Series(others, frame.index).infer_objects()
        return frame.assign(**typed) if typed else frame

    def check_columns(self, frame: pd.DataFrame) -> None:
        """Raise InputError where a feature's column is missing, or is there twice."""
        check_columns(frame, self.names)

    def decode(self, values: np.ndarray) -> pd.DataFrame:
        """Encoded rows (n, D) in original units and the table's dtypes, (n, D)."""
        return pd.DataFrame(
            {name: column.cells(values[:, p]) for p, (name, column) in enumerate(self.columns.items())}
        )

    def merge(self, own: pd.DataFrame, values: np.ndarray, answers: np.ndarray) -> pd.DataFrame:
        """Own rows (B, any) in which only the changed cells are new, each as the table writes it.

        Parameters
        ----------
        own : DataFrame (B, any)
            Any further columns stay.
        values, answers : ndarray (B, D)
            The same rows and their answers, encoded.
        """
        rows, decoded = own.copy(), self.decode(answers)
        for position, name in enumerate(self.names):
            changed = values[:, position] != answers[:, position]
            if changed.any():
                rows[name] = _put(own[name], changed, decoded[name][changed])
        return rows

    def snap(
        self, values: np.ndarray, candidates: np.ndarray, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Candidates (B, N, D) as rows that the table can hold, inside of the bounds (B, D).

        What equals the factual (B, D) stays. So does a number between whose bounds the table can hold none.
        """
        snapped = candidates.copy()
        for position, column in enumerate(self.columns.values()):
            if isinstance(column, NumberColumn):
                low, high = lower[:, None, position], upper[:, None, position]
                held = column.snap(candidates[..., position], low, high)
                inside = (held >= low) & (held <= high)
                snapped[..., position] = np.where(inside, held, values[:, None, position])
        return np.where(candidates == values[:, None], candidates, snapped)

    def features(self) -> dict[str, AnswerColumn]:
        """The features, as files have them."""
        return {
            name: AnswerColumn(column.dtype, column.levels)
            if isinstance(column, LevelColumn)
            else AnswerColumn(column.dtype, None, column.low, column.high, column.decimals)
            for name, column in self.columns.items()
        }

    def variables(self) -> Variables:
        """The features, as constraints speak of them."""
        levels = [c.levels if isinstance(c, LevelColumn) else None for c in self.columns.values()]
        numbers = list(self.columns.values())
        orders = [c.order if isinstance(c, LevelColumn) else None for c in self.columns.values()]
        return Variables(
            self.names,
            tuple(levels),
            tuple(orders),
            tuple(c.gap if isinstance(c, NumberColumn) else None for c in self.columns.values()),
            lambda position, cells: numbers[position].encode(cells),  # type: ignore[union-attr]
            self.decode,
            tuple((c.low, c.high) if isinstance(c, NumberColumn) else None for c in self.columns.values()),
        )


def _put(own: pd.Series, changed: np.ndarray, cells: pd.Series) -> pd.Series:
    """A column with new cells where ``changed``, in its own dtype where that can hold them."""
    mixed = own.astype(object).copy()
    mixed[changed] = plain_cells(cells)
    typed = held_in(own.dtype, mixed, changed)
    if typed is not None:
        return typed
    if is_single(own.dtype):  # 33.7 in single precision is 33.7, also in double precision
        mixed[~changed] = doubles(own)[~changed]
    try:
        return mixed.where(mixed.notna(), np.nan).astype(cells.dtype)
    except (TypeError, ValueError):
        return mixed.infer_objects()


def feature_roles(table: pd.DataFrame, target: str, categorical: Any, continuous: Any, note: Note) -> Roles:
    """Which columns are numbers and which have levels; what cannot be a feature is refused.

    Gaps are of no account here.

    Raises
    ------
    InputError
        A column holds dates, identifiers, free text, numbers written as text, or nothing.
    """
    filled, levels, numbers = (
        table.copy(),
        as_names(categorical, "categorical"),
        as_names(continuous, "continuous"),
    )
    for argument, names in (("categorical", levels), ("continuous", numbers)):
        check_known(names, argument, table.columns.drop(target))
    for name in table.columns:
        column = table[name]
        if name in numbers:
            _refuse_texts(column)
        if column.isna().all():
            raise InputError(f"column {name!r} is empty: leave it out, ignore=[{name!r}]")
        _refuse_decimals(column)
        if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
            _refuse_infinite(column)
            filled[name] = column.fillna(column.dropna().iloc[0])
        elif column.isna().any():
            filled[name] = (
                column.astype(object).where(column.notna(), column.dropna().iloc[0]).infer_objects()
            )
        is_category = isinstance(column.dtype, pd.CategoricalDtype)
        if name not in (*levels, *numbers) and (is_category or _is_code(filled[name])):
            levels.append(name)
        if not types.is_numeric_dtype(column):
            _refuse_blanks(column)
    constant = [name for name in table.columns if _is_constant(filled[name])]
    if len(constant) == len(table.columns) - (target in table.columns):
        raise InputError(
            f"each of {len(constant)} columns has one value only: nothing tells one person from another"
        )
    plain = plain_columns(filled.drop(columns=constant), note)
    roles = infer_roles(plain, target, levels, continuous, (), note)[1]
    single = [name for name in constant if name in levels or not _is_plain_number(table[name])]
    return replace(roles, categorical=(*roles.categorical, *single))  # of one level, which everybody keeps


def _is_plain_number(column: pd.Series) -> bool:
    number = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    return bool(number and not column.isna().any())


def _is_constant(column: pd.Series) -> bool:
    try:
        return bool(column.nunique() == 1)
    except (TypeError, NotImplementedError):  # of lists and the like, which are refused later
        return False


def _refuse_decimals(column: pd.Series) -> None:
    arrow = isinstance(column.dtype, pd.ArrowDtype) and column.dtype.type is Decimal
    if arrow or (column.dtype == object and column.map(lambda cell: isinstance(cell, Decimal)).any()):
        raise InputError(
            f"column {column.name!r} holds Decimal objects: make them numbers, table[{column.name!r}].astype(float), "
            "and train the classifier on the same"
        )


def _refuse_texts(column: pd.Series) -> None:
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    if is_category or any(isinstance(cell, str) for cell in column.tolist()):
        held = "categories" if is_category else "texts"
        raise InputError(
            f"column {column.name!r} is said to be continuous and holds {held}: make them numbers, "
            f"table[{column.name!r}].astype(float), and train the classifier on the same"
        )


def _refuse_blanks(column: pd.Series) -> None:
    blank = sum(isinstance(cell, str) and not cell.strip() for cell in column.tolist())
    if blank:
        raise InputError(
            f"column {column.name!r} holds nothing but blanks in {blank} rows: give them a level's name, or make "
            f"them missing, table[{column.name!r}].replace(r'^\\s*$', np.nan, regex=True), and train the classifier "
            "on the same"
        )


def _refuse_infinite(column: pd.Series) -> None:
    infinite = np.isinf(column.to_numpy(dtype=float, na_value=np.nan))
    if infinite.any():
        raise InputError(
            f"column {column.name!r} is infinite in {int(infinite.sum())} rows: correct them, or make them missing, "
            "table.replace([np.inf, -np.inf], np.nan), if the classifier takes gaps"
        )


def _is_code(column: pd.Series) -> bool:
    """Whether a column has a few codes that are written as texts; an error tells of many numbers as text."""
    if not (types.is_string_dtype(column) or column.dtype == object):
        return False
    texts = column[column.map(lambda cell: isinstance(cell, str))]
    numeric = pd.to_numeric(texts, errors="coerce").notna()
    if numeric.sum() > len(column) / 2 and texts[numeric].nunique() > MOST_NUMERIC_TEXTS:
        other = texts[~numeric].unique()[:3].tolist()
        way_out = f"{other} in it are none: make them missing" if other else "make it numbers"
        raise InputError(
            f"column {column.name!r} holds numbers written as text; {way_out} (pd.to_numeric(..., errors='coerce')), "
            f"and train the classifier on the same; or say categorical=[{column.name!r}]"
        )
    if texts.nunique() > MOST_NUMERIC_TEXTS:
        refuse_written_numbers(texts)
    return bool(len(texts) and numeric.all())
