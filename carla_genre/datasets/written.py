"""How a table writes its features: dtypes, decimals, blanks around levels. What encoding loses comes back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from carla_genre.datasets.roles import Roles
from carla_genre.errors import InputError
from carla_genre.frames import check_columns
from carla_genre.schema.cells import numbers, read_rows

log = logging.getLogger(__name__)

# What scaling and its inverse may lose, relative to the column's greatest number.
NOISE = 64 * np.finfo(float).eps
MOST_DECIMALS = 12


class WrittenTable:
    """The features of a table as its owner writes them.

    Parameters
    ----------
    own : DataFrame (n, any)
        The owner's table.
    plain : DataFrame (n, any)
        The same rows as the catalog has them: numbers, and texts without blanks around.
    encoded : DataFrame (n, any)
        The same rows scaled and encoded.
    roles : Roles
        Of the columns.
    """

    def __init__(self, own: pd.DataFrame, plain: pd.DataFrame, encoded: pd.DataFrame, roles: Roles) -> None:
        self._numbers = {n: _Numbers(own[n].dtype, plain[n], encoded[n]) for n in roles.continuous}
        self._levels = {name: own[name].dtype for name in roles.categorical}
        self._plain_levels = {name: plain[name].dtype for name in roles.categorical}
        self._own_spelling: dict[str, dict[Any, Any]] = {}
        for name in roles.categorical:
            pairs = dict(zip(plain[name], own[name], strict=True))
            if any(level != cell for level, cell in pairs.items()):
                self._own_spelling[name] = pairs

    def read(
        self, frame: pd.DataFrame, levels: Mapping[str, np.ndarray]
    ) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
        """A copy of rows in original units with checked numbers and levels spelled as in the catalog.

        The second value has, for a categorical of ``levels`` with cells that are none of them, which rows (B,) these
        are; the copy has a level there.
        """
        check_columns(frame, (*self._numbers, *self._levels))
        frame, unknown = frame.copy(), {}
        for name, column in self._numbers.items():
            values = _numbers_or_gaps(frame[name], name)
            with_decimals = types.is_float_dtype(column.plain_dtype) or (values % 1 != 0).any()
            frame[name] = values if with_decimals else values.astype(column.plain_dtype)
        for name in self._levels:
            try:
                if name in self._own_spelling:
                    plain = {cell: level for level, cell in self._own_spelling[name].items()}
                    frame[name] = [plain.get(cell, cell) for cell in frame[name]]
                frame[name] = _as_plain(frame[name], self._plain_levels[name])
                rows = ~frame[name].isin(levels[name]).to_numpy() if name in levels else np.zeros(0, bool)
            except TypeError as error:
                raise InputError(
                    f"column {name!r} holds lists or the like ({error}): it has levels"
                ) from error
            if rows.any():
                unknown[name], frame[name] = rows, frame[name].astype(object).mask(rows, levels[name][0])
        return frame, unknown

    def write(self, decoded: pd.DataFrame, encoded: pd.DataFrame) -> pd.DataFrame:
        """Rows in original units as the owner writes them; ``encoded`` are the same rows, scaled."""
        decoded = decoded.copy()
        for name, column in self._numbers.items():
            decoded[name] = column.write(decoded[name], encoded[name])
        for name, dtype in self._levels.items():
            cells = decoded[name]
            if name in self._own_spelling:
                cells = cells.astype(object).map(self._own_spelling[name])
            decoded[name] = cells if cells.isna().any() else cells.astype(dtype)
        return decoded


def _numbers_or_gaps(column: pd.Series, name: str) -> np.ndarray:
    """The numbers of a column (B,); NaN, and a warning, for cells that are none, unless all are."""
    found, readable, problems = read_rows(lambda cells: numbers(cells, name, gaps=True), column)
    if problems:
        log.warning("taken as missing values: %s", "; ".join(problems))
    values = np.full(len(column), np.nan)
    values[readable] = found
    return values


def _as_plain(cells: pd.Series, dtype: Any) -> pd.Series:
    """Levels in the catalog's dtype, where it is another one for the same values; no value is changed."""
    if cells.dtype.kind not in "biuf":
        return pd.Series(cells.tolist(), index=cells.index, name=cells.name)
    return cells.astype(dtype) if cells.dtype.kind == dtype.kind and not cells.isna().any() else cells


class _Numbers:
    """A continuous column of a table: its dtype, its distinct numbers, and how many decimals all of them have."""

    def __init__(self, dtype: Any, plain: pd.Series, scaled: pd.Series) -> None:
        self.plain_dtype = plain.dtype
        self.dtype = dtype if types.is_numeric_dtype(dtype) else plain.dtype
        self.scaled, first = np.unique(scaled.to_numpy(dtype=float), return_index=True)
        self.plain = plain.to_numpy(dtype=float)[first]
        self.most = float(np.abs(self.plain).max())
        self.decimals = None if types.is_float_dtype(self.dtype) else 0
        possible = (d for d in range(MOST_DECIMALS) if 10.0**-d > 4 * NOISE * self.most)
        if self.decimals is None:
            self.decimals = next((d for d in possible if (self.plain.round(d) == self.plain).all()), None)

    def write(self, decoded: pd.Series, scaled: pd.Series) -> pd.Series:
        """The numbers as the table has them: its own where they are its own, the nearest without noise else."""
        values, asked = decoded.to_numpy(dtype=float), scaled.to_numpy(dtype=float)
        place = np.searchsorted(self.scaled, asked).clip(max=len(self.scaled) - 1)
        rounded = values if self.decimals is None else values.round(self.decimals)
        if types.is_float_dtype(self.dtype):
            rounded = pd.Series(rounded).astype(self.dtype).to_numpy(dtype=float, na_value=np.nan)
        nearest = np.where(self.scaled[place] == asked, self.plain[place], rounded)
        # What is further away than noise was asked of h as it is, and stays so.
        noise = np.abs(nearest - values) <= NOISE * np.maximum(self.most, np.abs(values))
        result = pd.Series(np.where(noise, nearest, values), index=decoded.index, name=decoded.name)
        return result.astype(self.dtype) if noise.all() else result
