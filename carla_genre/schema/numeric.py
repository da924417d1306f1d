"""Encoded rows whose columns are all numbers, the usual case: read and written as one matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from carla_genre.schema.feature import Feature

LARGEST_SINGLE = float(np.finfo(np.float32).max)
# Whole numbers from here on are not all doubles.
LARGEST_WHOLE = 2**53


class NumericColumns:
    """The columns of D features, C in all, where each level of a category is numbers.

    What is odd in any way is left to the readers of single columns, which say what it is.
    """

    def __init__(self, features: Sequence[Feature], columns: Sequence[str]) -> None:
        self._columns = pd.Index(columns)
        place = {name: number for number, name in enumerate(columns)}
        self._places = [np.array([place[name] for name in feature.columns]) for feature in features]
        tables = [None if f.levels is None else np.array(f.levels) for f in features]  # (L, columns) each
        self._decodes = all(table is None or table.dtype == float for table in tables)
        self._levels = [None if table is None else table.astype(float) for table in tables]
        # A level is told by its value, or by where its largest number is.
        keys = [table if table is None else _keys(table) for table in self._levels]
        self._order = [key if key is None else np.argsort(key, kind="stable") for key in keys]
        self._keys = [
            key if key is None else key[order] for key, order in zip(keys, self._order, strict=True)
        ]

    @classmethod
    def of(cls, features: Sequence[Feature], columns: Sequence[str]) -> NumericColumns | None:
        """None where a category has levels of other kinds."""
        kinds = {np.asarray(cell).dtype.kind for f in features for level in f.levels or () for cell in level}
        return cls(features, columns) if kinds <= set("fiub") else None

    def encode(self, frame: pd.DataFrame) -> np.ndarray | None:
        """Rows (B, D) of a frame that has all columns; None where a cell is not what its column may hold."""
        given = frame if frame.columns is self._columns else frame[self._columns]
        kinds = [dtype.kind if isinstance(dtype, np.dtype) else "O" for dtype in given.dtypes]
        if not set(kinds) <= set("fiub") or np.dtype(np.float16) in given.dtypes.to_numpy():
            return None
        rows = given.to_numpy(dtype=float)
        limit = LARGEST_SINGLE if set(kinds) <= set("fb") else LARGEST_WHOLE
        if not (np.abs(rows) < limit).all():  # nor is NaN
            return None
        values = np.empty((len(rows), len(self._places)))
        for position, (places, levels) in enumerate(zip(self._places, self._levels, strict=True)):
            if levels is None:
                values[:, position] = rows[:, places[0]]
                continue
            cells, order, keys = rows[:, places], self._order[position], self._keys[position]
            found = np.searchsorted(keys, _keys(cells)).clip(max=len(keys) - 1)
            values[:, position] = codes = order[found]
            if not (levels[codes] == cells).all():
                return None
        return values

    def decode(self, values: np.ndarray, index: pd.Index | None) -> pd.DataFrame | None:
        """The frame of values (B, D), rows with a NaN of NaN; None where a category's numbers are not all floats."""
        if not self._decodes:
            return None
        failed = np.isnan(values).any(axis=1)
        cells = np.empty((len(self._columns), len(values)))
        for position, (places, levels) in enumerate(zip(self._places, self._levels, strict=True)):
            column = values[:, position]
            if levels is None:
                cells[places[0]] = column
            else:
                cells[places] = levels[np.where(failed, 0, column).astype(int)].T
        cells[:, failed] = np.nan
        return pd.DataFrame(cells.T, index=index, columns=self._columns)


def _keys(cells: np.ndarray) -> np.ndarray:
    """One number for each row of a category's columns, (n, columns) -> (n,)."""
    return cells[:, 0] if cells.shape[1] == 1 else cells.argmax(axis=1).astype(float)
