"""Raw rows of Parquet files, encoded for the classifier; each row that cannot be encoded has a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from carla_genre.errors import InputError
from carla_genre.schema import Schema
from carla_genre.schema.reading import encoder_levels


class EncodedRows(NamedTuple):
    """A batch of B rows.

    ``usable`` (B,), bool, are the rows that could be encoded; ``frame`` has these, in the encoding of the classifier's
    data; ``reasons`` (B,) says of each other row why not.
    """

    frame: pd.DataFrame
    usable: np.ndarray
    reasons: np.ndarray


class RawRows:
    """Reads rows in original units with the scaler and the encoder of a classifier's data.

    A number outside of the range that the scaler was fitted on is taken as it is. A missing or infinite value, or a
    category that the data do not have, makes a row unusable. Blanks around a category are of no account.

    ``types`` are pyarrow's, by column of the files; ``columns`` the features', in the files' order. InputError where a
    feature has no column, or one of a type that it cannot have.
    """

    def __init__(self, data: Any, schema: Schema, types: Mapping[str, Any]) -> None:
        self.data, self.schema = data, schema
        levels = encoder_levels(data) or {name: data.df[name].unique() for name in data.categorical}
        self._levels = {name: tuple(values.tolist()) for name, values in levels.items()}
        features = [*data.continuous, *data.categorical]
        missing = [name for name in features if name not in types]
        if missing:
            raise InputError(
                f"the input lacks the columns {missing} of the classifier's data; it has {list(types)}"
            )
        self.columns = [name for name in types if name in features]
        self.types = {name: types[name] for name in self.columns}
        for name in data.continuous:
            self._check_number(name)
        self._level_cells = {name: self._cells_of_levels(name) for name in data.categorical}

    def encode(self, batch: Any) -> EncodedRows:
        """Encode a ``pyarrow.RecordBatch`` (B rows) that has all :attr:`columns`."""
        reasons = np.full(batch.num_rows, "", dtype=object)
        cells = {name: self._numbers(batch, name, reasons) for name in self.data.continuous}
        cells |= {name: self._categories(batch, name, reasons) for name in self.data.categorical}
        usable = reasons == ""
        raw = pd.DataFrame({name: _series(cells[name][usable]) for name in self.columns})
        # scikit-learn's transformers refuse a frame without rows
        frame = self.data.transform(raw) if usable.any() else pd.DataFrame(columns=list(self.schema.columns))
        return EncodedRows(frame, usable, reasons)

    def write(self, name: str, values: Sequence[Any]) -> Any:
        """Cells of a feature in original units as the input has them: whole numbers rounded, pyarrow array."""
        kind = self.types[name]
        if name in self.data.categorical:
            number = {level: code for code, level in enumerate(self._levels[name])}
            return self._level_cells[name].take(pa.array([number[value] for value in values], pa.int64()))
        numbers = np.asarray(values, dtype=float)
        if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
            return pa.array(np.rint(numbers)).cast(pa.int64()).cast(kind, safe=False)
        return pa.array(numbers).cast(kind, safe=False)

    def _numbers(self, batch: Any, name: str, reasons: np.ndarray) -> np.ndarray:
        column = batch.column(name).cast(pa.float64(), safe=False)
        numbers = column.to_numpy(zero_copy_only=False)
        add_reason(reasons, np.isnan(numbers), f"missing value in {name!r}")
        add_reason(reasons, np.isinf(numbers), f"infinite value in {name!r}")
        return numbers

    def _categories(self, batch: Any, name: str, reasons: np.ndarray) -> np.ndarray:
        known = {level: level for level in self._levels[name]}
        values, codes = distinct_cells(batch.column(name))
        for code, value in enumerate(values):
            if value is None:
                add_reason(reasons, codes == code, f"missing value in {name!r}")
            elif value not in known:
                add_reason(reasons, codes == code, f"unknown category {value!r} in {name!r}")
        levels = np.empty(len(values), dtype=object)
        levels[:] = [known.get(value) for value in values]
        return levels[codes]

    def _check_number(self, name: str) -> None:
        kind, types = self.types[name], pa.types
        is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
        if not is_number and not types.is_boolean(kind):
            raise InputError(
                f"column {name!r} is a number for the classifier and {kind} in the input: write it as one"
            )

    def _cells_of_levels(self, name: str) -> Any:
        levels = list(self._levels[name])
        try:
            return pa.array(levels).cast(self.types[name])
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise InputError(
                f"column {name!r} is {self.types[name]} in the input, which the classifier's categories {levels[:5]} "
                "are not"
            ) from error


def _series(cells: np.ndarray) -> Any:
    """Levels as pandas would read them, numbers as they are."""
    return cells.tolist() if cells.dtype == object else cells


def distinct_cells(column: Any) -> tuple[list[Any], np.ndarray]:
    """The distinct values of a column, and each row's position among them, (B,).

    Texts are without the blanks around them. A missing value, and an empty text, is None.
    """
    cells = column.dictionary_encode()
    values = [
        value.strip() or None if isinstance(value, str) else value for value in cells.dictionary.to_pylist()
    ]
    codes = cells.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return [None if value != value else value for value in (*values, None)], codes


def add_reason(reasons: np.ndarray, rows: np.ndarray, reason: str) -> None:
    """Add a reason to those of some rows, bool (B,)."""
    for row in np.flatnonzero(rows):
        reasons[row] = f"{reasons[row]}; {reason}" if reasons[row] else reason
