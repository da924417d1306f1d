"""What a column of files holds, and the column that its answers need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

# Whole numbers below it are exact in a float of so many bits.
EXACT = {16: 2**11, 32: 2**24, 64: 2**53}


@dataclass(frozen=True)
class FileColumn:
    """A column of all files together.

    Attributes
    ----------
    type : pyarrow.DataType
        Of its values, however they are laid out.
    gaps : bool
        Whether a cell may be missing.
    categories : pandas.CategoricalDtype, optional
        Where the files have it as a dictionary.
    further : bool
        Whether it is no feature: its cells stay as they are written.
    """

    type: Any
    gaps: bool
    categories: pd.CategoricalDtype | None = None
    further: bool = False

    @property
    def nullable(self) -> Any:
        """Pandas' dtype of whole numbers with gaps that stay whole; None for other columns."""
        whole = self.further and self.gaps and pa.types.is_integer(self.type)
        return str(self.type).replace("int", "Int").replace("uI", "UI") if whole else None

    def as_in_the_whole(self, cells: pd.Series) -> pd.Series:
        """Cells of some rows in the dtype that pandas gives the column of all rows."""
        if self.nullable is not None:
            return cells.astype(self.nullable)
        if self.gaps and pa.types.is_integer(self.type):
            return cells.astype(float)
        return cells.astype(object) if self.gaps and pa.types.is_boolean(self.type) else cells


@dataclass(frozen=True)
class AnswerColumn:
    """What answers put into a column.

    Attributes
    ----------
    dtype : dtype
        The training table's.
    levels : tuple or None
        Its levels, None for numbers.
    low, high : float
        The ends of its numbers.
    decimals : int or None
        How many decimals these have; None where they have any.
    """

    dtype: Any
    levels: tuple[Any, ...] | None = None
    low: float = 0.0
    high: float = 0.0
    decimals: int | None = None

    def type_in(self, own: Any) -> Any:
        """The people's own pyarrow type where it can hold every answer, else the narrowest common one that can."""
        if self.levels is not None:
            return own if _holds(own, self.levels) else pa.array(_present(self.levels)).type
        whole = self.decimals == 0
        wider = pa.int64() if whole else pa.float64()
        if pa.types.is_integer(own):
            limits = np.iinfo(own.to_pandas_dtype())
            return own if whole and limits.min <= self.low and self.high <= limits.max else wider
        if pa.types.is_floating(own):
            exact = whole and max(abs(self.low), abs(self.high)) <= EXACT[own.bit_width]
            return (
                own if exact or own.to_pandas_dtype() == self.dtype or own == pa.float64() else pa.float64()
            )
        if pa.types.is_decimal(own):
            return own if self.decimals is not None and self.decimals <= own.scale else pa.float64()
        if pa.types.is_string(own):  # numbers, but for a text among them
            return pa.float64()
        return wider if pa.types.is_boolean(own) else own

    def parsed(self, cells: pd.Series) -> pd.Series:
        """Cells of a CSV's column, of texts because a single one is, as they are without that one."""
        if self.levels is not None and all(isinstance(level, str) for level in _present(self.levels)):
            return cells
        found = cells.astype(object)
        numbers = pd.to_numeric(cells, errors="coerce")
        found[numbers.notna()] = numbers[numbers.notna()].tolist()
        if any(isinstance(level, bool) for level in self.levels or ()):  # elsewhere "True" is a text
            for word, flag in (("true", True), ("false", False)):
                found[cells.str.lower() == word] = flag
        return found.infer_objects()

    def read(self, cells: pd.Series, kind: Any) -> pd.Series:
        """Cells as the classifier was given the table's: decimals as numbers, texts as the table's categories."""
        if pa.types.is_decimal(kind):
            return cells.astype(float)
        if isinstance(self.dtype, pd.CategoricalDtype) and not isinstance(cells.dtype, pd.CategoricalDtype):
            known = self.dtype.categories
            further = pd.Index(cells.dropna().unique()).difference(known, sort=False)
            return cells.astype(pd.CategoricalDtype([*known, *further], self.dtype.ordered))
        return cells


def to_arrow(cells: pd.Series, kind: Any) -> Any:
    """Cells as a pyarrow array of a type; a gap is null."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(object)
    numbers = pa.types.is_decimal(kind) or pa.types.is_floating(kind) or pa.types.is_integer(kind)
    return (
        pa.array(cells, from_pandas=True).cast(kind, safe=not numbers)
        if numbers
        else pa.array(cells, kind, from_pandas=True)
    )


def plain(kind: Any) -> Any:
    """The type of the values, in a layout that all of Arrow's functions take."""
    if pa.types.is_dictionary(kind):
        return plain(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return plain(kind.storage_type)
    return {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}.get(kind, kind)


def _present(levels: tuple[Any, ...]) -> list[Any]:
    return [level for level in levels if not pd.isna(level)]


def _holds(kind: Any, levels: tuple[Any, ...]) -> bool:
    present = _present(levels)
    try:
        unchanged: bool = pa.array(present).cast(kind).to_pylist() == present
        return unchanged
    except (pa.ArrowException, NotImplementedError):
        return False
