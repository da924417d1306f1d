"""Parquet files: their columns, and the rows of a row group a chunk at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from carla_genre.errors import InputError
from carla_genre.files.columns import FileColumn, plain


@contextlib.contextmanager
def readable(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever a damaged Parquet file makes its reader raise becomes an InputError that names it."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as Parquet: {error}") from error


def describe(path: Path) -> tuple[dict[str, FileColumn], list[Any], list[int], str]:
    """The columns, the index that pandas wrote, the rows of each row group, and the footer's digest.

    The index has the names of its columns, or one dict that says how it is numbered.
    """
    with readable(path), pq.ParquetFile(path) as file:
        metadata, schema = file.metadata, file.schema_arrow
        columns: dict[str, FileColumn] = {}
        for field in schema:
            if field.name in columns:
                raise ValueError(f"it has the column {field.name!r} more than once")
            columns[field.name] = FileColumn(
                plain(field.type), _may_have_gaps(metadata, field.name), _categories(file, field)
            )
        groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        return columns, _index(schema), groups, _footer(path, metadata.serialized_size)


def read(path: str, group: int, start: int, end: int, names: list[str]) -> Any:
    """Rows ``start`` to ``end`` of a row group, as a pyarrow.Table of these columns."""
    found, position = [], 0
    with readable(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(end - start, row_groups=[group], columns=names, use_threads=False):
            low, high = max(start - position, 0), min(end - position, batch.num_rows)
            if low < high:
                found.append(batch.slice(low, high - low))
            position += batch.num_rows
            if position >= end:
                break
        table = pa.Table.from_batches(found).select(names)
        return pa.table({name: table[name].cast(plain(table[name].type)) for name in names})


def to_frame(table: Any, columns: dict[str, FileColumn]) -> pd.DataFrame:
    """The rows as pandas reads the whole file."""
    frame = table.to_pandas(ignore_metadata=True)
    for name, column in columns.items():
        if column.categories is not None:
            frame[name] = frame[name].astype(column.categories)
        elif column.nullable is not None:  # a double holds not every whole number
            frame[name] = pd.array(table[name].to_pylist(), dtype=column.nullable)
        else:
            frame[name] = column.as_in_the_whole(frame[name])
    return frame


def _may_have_gaps(metadata: Any, name: str) -> bool:
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            if column.path_in_schema == name:
                figures = column.statistics
                if figures is None or not figures.has_null_count or figures.null_count:
                    return True
    return False


def _categories(file: Any, field: Any) -> pd.CategoricalDtype | None:
    """The levels of a dictionary column, those of all row groups."""
    if not pa.types.is_dictionary(field.type):
        return None
    levels: list[Any] = []
    for number in range(file.num_row_groups):
        cells = file.read_row_group(number, columns=[field.name], use_threads=False)[field.name]
        for part in cells.chunks:
            known = set(levels)
            levels += [level for level in part.dictionary.to_pylist() if level not in known]
    return pd.CategoricalDtype(levels, field.type.ordered)


def _index(schema: Any) -> list[Any]:
    written = (schema.metadata or {}).get(b"pandas")
    named = json.loads(written).get("index_columns", []) if written else []
    return [name for name in named if isinstance(name, dict) or name in schema.names]


def _footer(path: Path, size: int) -> str:
    """Digest of a file's footer, which has the statistics of its columns."""
    with path.open("rb") as file:
        file.seek(-(size + 8), os.SEEK_END)
        return hashlib.sha256(file.read()).hexdigest()[:16]
