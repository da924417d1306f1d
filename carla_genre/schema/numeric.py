"""Encoded rows whose columns are all numbers, the usual case: read and written as one matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from carla_genre.schema.cells import LARGEST_SINGLE, LARGEST_WHOLE
from carla_genre.schema.feature import Feature


class _Category(NamedTuple):
    """L levels of a category, (L, columns); a key of each, sorted, and the levels' numbers in this order."""

    levels: np.ndarray
    keys: np.ndarray
    order: np.ndarray

    @classmethod
    def of(cls, levels: np.ndarray) -> _Category:
        keys = _keys(levels)
        order = np.argsort(keys, kind="stable")
        return cls(levels, keys[order], order)

    def codes(self, cells: np.ndarray) -> np.ndarray | None:
        """Each row's level number, (B,), from its cells (B, columns); None where one is no level."""
        found = self.order[np.searchsorted(self.keys, _keys(cells)).clip(max=len(self.keys) - 1)]
        return found if (self.levels[found] == cells).all() else None


class NumericColumns:
    """The columns of D features, C in all, where each level of a category is numbers.

    What is odd in any way is left to the readers of single columns, which say what it is.
    """

    def __init__(self, features: Sequence[Feature], columns: Sequence[str]) -> None:
        self._columns = pd.Index(columns)
        place = {name: number for number, name in enumerate(columns)}
        tables = [None if f.levels is None else np.array(f.levels) for f in features]  # (L, columns) each
        self._decodes = all(table is None or table.dtype == float for table in tables)
        # Of each feature its columns' places and, of a category, its levels.
        self._features = [
            (
                np.array([place[name] for name in feature.columns]),
                None if table is None else _Category.of(table.astype(float)),
            )
            for feature, table in zip(features, tables, strict=True)
        ]

    @classmethod
    def of(cls, features: Sequence[Feature], columns: Sequence[str]) -> NumericColumns | None:
        """None where a category has levels of other kinds."""
        kinds = {np.asarray(cell).dtype.kind for f in features for level in f.levels or () for cell in level}
        return cls(features, columns) if kinds <= set("fiub") else None

    def encode(self, frame: pd.DataFrame) -> np.ndarray | None:
        """Rows (B, D) of a frame that has all columns; None where a cell is not what its column may hold."""
        given = frame[self._columns]
        kinds = {dtype.kind if isinstance(dtype, np.dtype) else "O" for dtype in given.dtypes}
        if not kinds <= set("fiub") or np.dtype(np.float16) in given.dtypes.to_numpy():
            return None
        rows = given.to_numpy(dtype=float)
        limit = LARGEST_SINGLE if kinds <= set("fb") else LARGEST_WHOLE
        if not (np.abs(rows) < limit).all():  # nor is NaN
            return None
        values = np.empty((len(rows), len(self._features)))
        for position, (places, category) in enumerate(self._features):
            column = rows[:, places[0]] if category is None else category.codes(rows[:, places])
            if column is None:
                return None
            values[:, position] = column
        return values

    def decode(self, values: np.ndarray, index: pd.Index | None) -> pd.DataFrame | None:
        """The frame of values (B, D), rows with a NaN of NaN; None where a category's numbers are not all floats."""
        if not self._decodes:
            return None
        failed = np.isnan(values).any(axis=1)
        cells = np.empty((len(self._columns), len(values)))
        for position, (places, category) in enumerate(self._features):
            column = values[:, position]
            if category is None:
                cells[places[0]] = column
            else:
                cells[places] = category.levels[np.where(failed, 0, column).astype(int)].T
        cells[:, failed] = np.nan
        return pd.DataFrame(cells.T, index=index, columns=self._columns)


def _keys(cells: np.ndarray) -> np.ndarray:
    """A number for each row of a category's columns, (n, columns) -> (n,): its value, or where its largest one is."""
    return cells[:, 0] if cells.shape[1] == 1 else cells.argmax(axis=1).astype(float)
