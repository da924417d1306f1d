"""The rows of one batch: answered, accepted already, or with a reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from carla_genre.errors import InputError
from carla_genre.methods.core.base import SchemaMethod
from carla_genre.parquet.raw_rows import RawRows

# Name of the index where the input's rows are numbered.
ROW = "row"
REASON = "reason"
H_FACTUAL, H_ANSWER, COST = "h_factual", "h_answer", "cost"
REFUSED = "no accepted candidate"
ROUNDED = "the answer is not one in the numbers that its columns can hold"
# A range's end, scaled and back, may differ in the last bits of a single-precision column.
TOLERANCE = 1e-6


class AnsweredBatch(NamedTuple):
    """Three ``pyarrow.RecordBatch``, each with the index first; together they have every row once."""

    answers: Any
    accepted: Any
    failures: Any


class BatchAnswerer:
    """Answers batches of rows in the columns, units and types (pyarrow's, by column) that the input has.

    ``index`` is the input's column that names a row; else it is :data:`ROW`, its number in the input. With ``scores``,
    answers come with h of the factual, h of the answer and the cost. InputError where the input has no such column, or
    one name would be that of two columns.
    """

    def __init__(
        self, method: SchemaMethod, types: Mapping[str, Any], index: str | None = None, scores: bool = False
    ) -> None:
        self.method, self.schema, self.scores = method, method.schema, scores
        self.raw = RawRows(method._mlmodel.data, method.schema, types)
        if index is not None and index not in types:
            raise InputError(f"the input has no column {index!r} to be the index; it has {list(types)}")
        self._own_index = index
        self.index = ROW if index is None else index
        index_type = pa.int64() if index is None else types[index]
        #: What has to be read.
        self.columns = list(dict.fromkeys([*([] if index is None else [index]), *self.raw.columns]))
        names = [self.index, *self.raw.columns, *((H_FACTUAL, H_ANSWER, COST) if scores else ()), REASON]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(
                f"{twice[0]!r} would be the name of two columns of the output: rename that of the input"
            )
        first, double = pa.field(self.index, index_type), pa.float64()
        further = [(H_FACTUAL, double), (H_ANSWER, double), (COST, double)] if scores else []
        self.schemas = AnsweredBatch(
            pa.schema([first, *self.raw.types.items(), *further]),
            pa.schema([first, (H_FACTUAL, double)]),
            pa.schema([first, (REASON, pa.string())]),
        )

    def __call__(self, batch: Any, first: int) -> AnsweredBatch:
        """Answer a ``pyarrow.RecordBatch`` of B rows, of which the first one is row ``first`` of the input."""
        rows = self.raw.encode(batch)
        usable = np.flatnonzero(rows.usable)
        values = self.schema.encode(rows.frame)
        h = self.method.scores(values)
        denied = h <= 0.5
        to_answer = batch.take(pa.array(usable[denied]))
        answers, reasons = self._answers(to_answer, rows.frame[denied], values[denied], h[denied])
        rows.reasons[usable[denied]] = reasons
        index = self._index(batch, first)
        failed = np.flatnonzero(rows.reasons != "")
        parts = (
            [index.take(usable[denied][reasons == ""]), *answers],
            [index.take(usable[~denied]), h[~denied]],
            [index.take(failed), rows.reasons[failed].tolist()],
        )
        records = zip(parts, self.schemas, strict=True)
        return AnsweredBatch(*(pa.RecordBatch.from_arrays(part, schema=schema) for part, schema in records))

    def _answers(
        self, batch: Any, factuals: pd.DataFrame, values: np.ndarray, h: np.ndarray
    ) -> tuple[list[Any], np.ndarray]:
        """The cells of the answers, a column each, and for every row a reason, or "" for an answer."""
        encoded = self.method.get_counterfactuals(factuals)
        found = encoded.notna().all(axis=1).to_numpy()
        reasons = np.where(found, "", REFUSED).astype(object)
        written = self._raw_units(batch.filter(pa.array(found)), factuals[found], encoded[found])
        # What counts is the row as it is written: whole numbers are rounded.
        again = self.raw.encode(written)
        answers = self.schema.encode(again.frame) if len(again.frame) else np.empty((0, values.shape[1]))
        h_answer = self.method.scores(answers)
        holds = again.usable.copy()
        low, high = self.schema.bounds(values[found][again.usable])
        inside = ((answers >= low - TOLERANCE) & (answers <= high + TOLERANCE)).all(axis=1)
        holds[again.usable] = inside & (h_answer > 0.5)
        reasons[np.flatnonzero(found)[~holds]] = ROUNDED
        cells = written.filter(pa.array(holds)).columns
        if self.scores:
            kept = holds[again.usable]
            cost = self.schema.cost(values[reasons == ""], answers[kept])
            cells += [h[reasons == ""], h_answer[kept], cost]
        return cells, reasons

    def _raw_units(self, batch: Any, factuals: pd.DataFrame, answers: pd.DataFrame) -> Any:
        """Answers in original units: the factual's own cell, bit for bit, where nothing is changed."""
        written = batch.select(self.raw.columns)
        if not len(answers):
            return written
        whole = factuals.assign(**{column: answers[column] for column in answers})
        decoded = self.raw.data.inverse_transform(whole)
        for feature in self.schema.features:
            columns = list(feature.columns)
            changed = (factuals[columns].to_numpy() != answers[columns].to_numpy()).any(axis=1)
            if changed.any():
                cells = self.raw.write(feature.name, decoded[feature.name].to_numpy()[changed].tolist())
                position = written.schema.get_field_index(feature.name)
                mixed = pc.replace_with_mask(written.column(position), pa.array(changed), cells)
                written = written.set_column(position, feature.name, mixed)
        return written

    def _index(self, batch: Any, first: int) -> Any:
        if self._own_index is not None:
            return batch.column(self._own_index)
        return pa.array(np.arange(first, first + batch.num_rows))
