"""The columns of a user's table: cells to encoded numbers, and back as the table writes them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from carla_genre.datasets.infer import WRITTEN_NUMBER
from carla_genre.frames import doubles, is_gap, is_single
from carla_genre.schema.cells import LARGEST_SINGLE

# What scaling and its inverse may lose, relative to the column's greatest number.
NOISE = 64 * np.finfo(float).eps
MOST_DECIMALS = 10
# A cost unit is the distance of these quantiles: a mistyped number moves it little.
ROBUST = (0.01, 0.99)
# Where a missing number lies, in units below the least one.
GAP = 0.25


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers.

    Attributes
    ----------
    name : str
    dtype : dtype
        The table's.
    scale, offset : float
        The encoded value of x is ``x * scale + offset``.
    low, high : float
        The least and the greatest number of the table.
    decimals : int or None
        How many decimals its numbers have; None where they have any.
    gap : float or None
        What a missing number is encoded as; None where the table misses none.
    """

    name: str
    dtype: Any
    scale: float
    offset: float
    low: float
    high: float
    decimals: int | None
    gap: float | None

    @classmethod
    def fit(cls, column: pd.Series, robust: bool = True) -> NumberColumn:
        """Read a column of the table."""
        cells = doubles(column)
        numbers = np.unique(cells[~np.isnan(cells)])
        low, high = float(numbers[0]), float(numbers[-1])
        start, end = np.nanquantile(cells, ROBUST) if robust else (low, high)
        if not start < end:
            start, end = low, high
        scale = 1.0 / float(end - start) if start < end else 1.0
        offset = -float(start) * scale
        largest = max(abs(low), abs(high))
        possible = (d for d in range(MOST_DECIMALS) if not d or 10.0**-d > 4 * NOISE * largest)
        noise = 4 * np.finfo(float).eps * np.abs(numbers)  # 3 * 0.1 has one decimal
        decimals = next((d for d in possible if (np.abs(numbers.round(d) - numbers) <= noise).all()), None)
        gap = low * scale + offset - GAP if np.isnan(cells).any() else None
        return cls(str(column.name), column.dtype, scale, offset, low, high, decimals, gap)

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers (n,) in original units, encoded; a gap stays NaN."""
        return numbers * self.scale + self.offset

    def read(self, cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Encoded cells (n,), and a reason for each that cannot be read, "" for the others."""
        reasons = np.full(len(cells), "", dtype=object)
        numbers = np.full(len(cells), np.nan)
        fits = types.is_numeric_dtype(cells.dtype) and not types.is_complex_dtype(cells.dtype)
        if fits:
            numbers = doubles(cells)
        else:
            for place, cell in enumerate(cells.tolist()):
                if isinstance(cell, bool | int | float | np.number) and not isinstance(
                    cell, np.complexfloating
                ):
                    numbers[place] = _double(cell)
                elif not is_gap(cell):
                    reasons[place] = f"{self.name!r} is no number: {cell!r}{_way_out(self.name, cell)}"
        reasons[np.abs(numbers) > LARGEST_SINGLE] = f"{self.name!r} is beyond single precision (3.4e38)"
        reasons[np.isinf(numbers)] = f"{self.name!r} is infinite"
        missing = np.isnan(numbers) & (reasons == "")
        encoded = self.encode(numbers)
        if self.gap is None:
            reasons[missing] = f"{self.name!r} is missing"
        else:
            encoded[missing] = self.gap
        return encoded, reasons

    def write(self, encoded: np.ndarray) -> np.ndarray:
        """Numbers (n,) in original units; without the noise of scaling where the table's have few decimals."""
        numbers = (encoded - self.offset) / self.scale
        if self.decimals is not None:
            rounded = numbers.round(self.decimals) + 0.0  # no -0.0
            noise = NOISE * np.maximum(max(abs(self.low), abs(self.high)), np.abs(numbers))
            numbers = np.where(np.abs(rounded - numbers) <= noise, rounded, numbers)
        return numbers if self.gap is None else np.where(encoded == self.gap, np.nan, numbers)

    def snap(self, encoded: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """The nearest numbers that the column can hold, inside of (lower, upper) where there are any."""
        if self.decimals is None:
            return encoded
        step, numbers = 10.0**-self.decimals, (encoded - self.offset) / self.scale
        nearest = self.encode(numbers.round(self.decimals) + 0.0)
        too_high = self.encode((numbers.round(self.decimals) - step).round(self.decimals) + 0.0)
        too_low = self.encode((numbers.round(self.decimals) + step).round(self.decimals) + 0.0)
        return np.where(nearest > upper, too_high, np.where(nearest < lower, too_low, nearest))

    def cells(self, encoded: np.ndarray) -> pd.Series:
        """The cells as the table has them, in its dtype where that can hold them."""
        numbers = self.write(encoded)
        if types.is_float_dtype(self.dtype) or (np.isfinite(numbers) & (numbers % 1 == 0)).all():
            return pd.Series(numbers).astype(self.dtype)
        return pd.Series(numbers)


@dataclass(frozen=True)
class LevelColumn:
    """A column of levels.

    Attributes
    ----------
    name : str
    dtype : dtype
        The table's.
    levels : tuple
        Its levels as the table spells them; a missing cell is the last one.
    """

    name: str
    dtype: Any
    levels: tuple[Any, ...]

    @classmethod
    def fit(cls, column: pd.Series) -> LevelColumn:
        """Read a column of the table."""
        cells = pd.unique(column)
        present = [cell for cell in cells.tolist() if not is_gap(cell)]
        gaps = [cell for cell in cells.tolist() if is_gap(cell)][:1]
        levels = sorted(present, key=lambda cell: (type(cell).__name__, cell))
        return cls(str(column.name), column.dtype, (*levels, *gaps))

    @property
    def gap(self) -> int | None:
        """The number of the level that is a missing cell, if there is one."""
        return len(self.levels) - 1 if is_gap(self.levels[-1]) else None

    @property
    def order(self) -> tuple[Any, ...] | None:
        """The levels from the lowest to the highest, where the table's dtype says so."""
        if not (isinstance(self.dtype, pd.CategoricalDtype) and self.dtype.ordered):
            return None
        return tuple(level for level in self.dtype.categories.tolist() if level in self.levels)

    def read(self, cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Level numbers (n,), and a reason for each cell that is no level, "" for the others."""
        number = {level: code for code, level in enumerate(self.levels) if not is_gap(level)}
        try:
            places, distinct = pd.factorize(cells, use_na_sentinel=False)
        except TypeError:  # a list or the like: each cell is looked at
            places, distinct = (
                np.arange(len(cells)),
                pd.Index(cells.tolist(), dtype=object, tupleize_cols=False),
            )
        codes, reasons = np.zeros(len(distinct)), np.full(len(distinct), "", dtype=object)
        for place, cell in enumerate(distinct.tolist()):
            code = self.gap if is_gap(cell) else number.get(cell) if isinstance(cell, Hashable) else None
            if code is not None:
                codes[place] = code
            elif is_gap(cell):
                reasons[place] = f"{self.name!r} is missing"
            else:
                same = next(
                    (f", the table's is {level!r}" for level in number if str(level) == str(cell)), ""
                )
                reasons[place] = f"{self.name!r} has no level {cell!r}{same}"
        return codes[places], reasons[places]

    def cells(self, codes: np.ndarray) -> pd.Series:
        """The cells as the table spells them, in its dtype."""
        values = np.empty(len(self.levels), dtype=object)
        values[:] = list(self.levels)
        return pd.Series(values[codes.astype(int)].tolist(), dtype=self.dtype)


def plain_cells(column: pd.Series) -> list[Any]:
    """The cells as Python has them: a gap is None, a number in single precision has its own few digits."""
    cells = (doubles(column) if is_single(column.dtype) else column).tolist()
    return [None if gap else cell for cell, gap in zip(cells, column.isna().to_numpy(), strict=True)]


def _double(number: Any) -> float:
    """A number in double precision; the greatest one where it is beyond."""
    try:
        return float(number)
    except OverflowError:
        return float(np.copysign(np.finfo(float).max, number > 0 or -1))


def held_in(dtype: Any, cells: pd.Series, which: np.ndarray | slice = slice(None)) -> pd.Series | None:
    """Cells in a dtype; None where it cannot hold some of those that count."""
    spelled, flags = cells, types.is_bool_dtype(dtype)
    if types.is_extension_array_dtype(dtype) and (flags or types.is_integer_dtype(dtype)):
        kind = bool if flags else int  # pandas' and pyarrow's take no 1 for True, or no True for 1
        own = [kind(one) if isinstance(one, bool) or one in (0, 1) else one for one in plain_cells(cells)]
        spelled = pd.Series(own, cells.index, dtype=object)
    try:
        typed = spelled.astype(dtype)
    except (TypeError, ValueError, OverflowError):  # the last is of whole numbers with few bits
        return None
    return typed if plain_cells(typed[which]) == plain_cells(cells[which]) else None


def _way_out(name: str, cell: Any) -> str:
    """What makes a text of digits a number."""
    if not isinstance(cell, str):
        return ""
    if not pd.isna(pd.to_numeric(cell, errors="coerce")):
        return f" is a text, pd.to_numeric(people[{name!r}], errors='coerce') makes it one"
    if WRITTEN_NUMBER.fullmatch(cell.strip()):
        return ", write it as 1234.5 is written (pd.read_csv has decimal= and thousands=)"
    return ""
