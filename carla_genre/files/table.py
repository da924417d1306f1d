"""A table in CSV or Parquet files, whose rows are read a chunk at a time."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from carla_genre.errors import InputError
from carla_genre.files import csv_file, parquet_file
from carla_genre.files.columns import AnswerColumn, FileColumn
from carla_genre.io import at_home
from carla_genre.suggestions import did_you_mean

# Rows in memory at a time. A row group may be as large as its file, and is read from its start for each of its chunks:
# so it has at most so many of these.
CHUNK_ROWS, MOST_CHUNKS = 1 << 12, 16
PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Chunk:
    """Rows that are read together; all numbers start at 0.

    Attributes
    ----------
    path : str
    number : int
        Among the chunks of all files.
    first, rows : int
        The first row among the rows of all files, and how many there are.
    group : int
        Parquet's row group; -1 for CSV.
    start, end : int
        Rows of the group, or bytes of the CSV.
    """

    path: str
    number: int
    first: int
    rows: int
    group: int
    start: int
    end: int


@dataclass(frozen=True)
class FileTable:
    """Files of the same columns, in the order of their names.

    Attributes
    ----------
    chunks : tuple of Chunk
    columns : dict of FileColumn
    files : tuple of dict
        What identifies them: name, size in bytes, rows, and a digest (of a Parquet file, that of its footer).
    index : tuple of str
        The columns that name a row; without one, rows are numbered.
    index_names : tuple of str
        What they are called in a frame beside the columns.
    start, step : int
        The first row's number where rows are numbered, and what the next one's is more.
    features : dict of AnswerColumn
        What answers put into these columns.
    """

    chunks: tuple[Chunk, ...]
    columns: dict[str, FileColumn]
    files: tuple[dict[str, Any], ...]
    index: tuple[str, ...] = ()
    index_names: tuple[str, ...] = ()
    start: int = 0
    step: int = 1
    features: Mapping[str, AnswerColumn] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(chunk.rows for chunk in self.chunks)

    @property
    def names(self) -> list[str]:
        """The columns of a frame: a column of the index is one only where it is a feature."""
        return [name for name in self.columns if name not in self.index or name in self.features]

    def with_index(self, index: str | None, features: Mapping[str, AnswerColumn]) -> FileTable:
        """The same, for people with these features, whom the column ``index`` names; else pandas' own index does.

        Raises
        ------
        InputError
            There is no such column.
        """
        if index is not None and (not isinstance(index, str) or index not in self.columns):
            columns = ", ".join(map(repr, list(self.columns)[:12]))
            raise InputError(
                f"--index {index}: there is no such column.{did_you_mean(index, self.columns)} Columns: {columns}"
            )
        chosen = self.index if index is None else (index,)
        nested = [name for name in chosen if pa.types.is_nested(self.columns[name].type)]
        if nested:
            raise InputError(f"--index {nested[0]}: the column holds lists or the like, which name nobody")
        texts = [(chunk.path, chunk.start, chunk.end) for chunk in self.chunks if chunk.group < 0]
        known = csv_file.further_columns(self.columns, features, texts)
        found = replace(self, index=chosen, features=features, columns=known)
        taken = set(found.names)
        unnamed = not chosen or (len(chosen) == 1 and chosen[0].startswith("__index_level_"))
        named = ["row"] if unnamed else chosen
        return replace(found, index_names=tuple(f"{name}_" if name in taken else name for name in named))

    def read(self, chunk: Chunk) -> tuple[pd.DataFrame, Any]:
        """The rows of a chunk, as a frame (B, any) and as a pyarrow.Table (B, any) of all columns."""
        names = list(self.columns)
        if chunk.group < 0:
            frame = csv_file.read(chunk.path, names, self.columns, chunk.start, chunk.end)
            own = pa.Table.from_pandas(frame, self._schema, preserve_index=False)
            for name in self.features:
                if name in self.columns and pa.types.is_string(self.columns[name].type):
                    frame[name] = self.features[name].parsed(frame[name])
        else:
            own = parquet_file.read(chunk.path, chunk.group, chunk.start, chunk.end, names)
            frame = parquet_file.to_frame(own, self.columns)
        if len(frame) != chunk.rows:
            raise InputError(f"{chunk.path} was changed while it was read")
        return self._framed(frame, chunk.first), own

    def read_all(self) -> tuple[pd.DataFrame, Any]:
        """All rows, as :meth:`read` gives those of a chunk."""
        frames, tables = zip(self.empty(), *map(self.read, self.chunks), strict=True)
        return pd.concat(frames), pa.concat_tables(tables)

    def sample(self, most: int, seed: int) -> pd.DataFrame:
        """All rows, or so many of them: each set of so many is as likely, and they are in the order of the files.

        One chunk is in memory at a time, beside the sample.
        """
        if self.rows <= most:
            return self.read_all()[0]
        drawn = np.sort(np.random.default_rng(seed).choice(self.rows, most, replace=False, shuffle=False))
        parts = [self.empty()[0]]
        for chunk in self.chunks:
            low, high = np.searchsorted(drawn, [chunk.first, chunk.first + chunk.rows])
            if low < high:
                parts.append(self.read(chunk)[0].iloc[drawn[low:high] - chunk.first])
        return pd.concat(parts)

    def empty(self) -> tuple[pd.DataFrame, Any]:
        """No rows, as :meth:`read` gives those of a chunk."""
        own = self._schema.empty_table()
        return self._framed(parquet_file.to_frame(own, self.columns), 0), own

    @property
    def _schema(self) -> Any:
        return pa.schema([(name, column.type) for name, column in self.columns.items()])

    def _framed(self, frame: pd.DataFrame, first: int) -> pd.DataFrame:
        """The columns as answers need them, under the index."""
        for name, feature in self.features.items():
            if name in frame:
                frame[name] = feature.read(frame[name], self.columns[name].type)
        begin, end = (self.start + row * self.step for row in (first, first + len(frame)))
        labels: Any = pd.RangeIndex(begin, end, self.step, name=(self.index_names or (None,))[0])
        if self.index:
            labels = pd.MultiIndex.from_frame(frame[list(self.index)], names=self.index_names or None)
            labels = labels if len(self.index) > 1 else pd.Index(frame[self.index[0]], name=labels.names[0])
        return frame[self.names].set_axis(labels)


def open_table(path: str | os.PathLike[str], chunk_rows: int = CHUNK_ROWS) -> FileTable:
    """Look at files: a CSV is read once, of Parquet the footer.

    ``path`` is a file, a folder (its ``*.csv`` or ``*.parquet``, those of folders within too), or a glob pattern. What
    begins with a dot or an underscore is left aside. A chunk has at most ``chunk_rows`` rows, or a sixteenth of a row
    group of Parquet that is larger.

    Raises
    ------
    InputError
        There is no such file, one is damaged, or they have different columns.
    """
    root, paths = _paths(path)
    parts = [(_parquet if one.suffix.lower() in PARQUET else _csv)(one, chunk_rows) for one in paths]
    columns, index = parts[0][0], parts[0][1]
    chunks: list[Chunk] = []
    files = []
    for one, (own, _, found, digest) in zip(paths, parts, strict=True):
        columns = _together(columns, own, one, paths[0])
        first = chunks[-1].first + chunks[-1].rows if chunks else 0
        for chunk in found:
            chunks.append(replace(chunk, number=len(chunks), first=first))
            first += chunk.rows
        rows = sum(chunk.rows for chunk in found)
        name = one.relative_to(root).as_posix()
        files.append({"name": name, "bytes": one.stat().st_size, "rows": rows, "digest": digest})
    settled = {
        name: csv_file.column_of(column) if isinstance(column, set) else column
        for name, column in columns.items()
    }
    table = FileTable(
        tuple(chunks), settled, tuple(files), tuple(one for one in index if isinstance(one, str))
    )
    if len(paths) == 1 and index and isinstance(index[0], dict):  # as a frame of pandas was numbered
        return replace(table, start=int(index[0]["start"]), step=int(index[0]["step"]))
    return table


def files_of(path: str | os.PathLike[str]) -> list[Path]:
    """The files of a table, as :func:`open_table` finds them."""
    return _paths(path)[1]


def _csv(path: Path, chunk_rows: int) -> tuple[dict[str, Any], list[Any], list[Chunk], str]:
    scan = csv_file.scan(path, chunk_rows)
    chunks = [Chunk(str(path), 0, 0, rows, -1, start, end) for start, end, rows in scan.chunks]
    return dict(zip(scan.names, scan.kinds, strict=True)), [], chunks, scan.digest


def _parquet(path: Path, chunk_rows: int) -> tuple[dict[str, Any], list[Any], list[Chunk], str]:
    columns, index, groups, digest = parquet_file.describe(path)
    chunks = []
    for group, rows in enumerate(groups):
        size = max(chunk_rows, -(-rows // MOST_CHUNKS))
        for start in range(0, rows, size):
            end = min(start + size, rows)
            chunks.append(Chunk(str(path), 0, 0, end - start, group, start, end))
    return dict(columns), index, chunks, digest


def _together(columns: dict[str, Any], own: dict[str, Any], path: Path, first: Path) -> dict[str, Any]:
    """Columns of one more file with those of the files before."""
    if list(own) != list(columns):
        raise InputError(f"{path} has other columns than {first}")
    found: dict[str, Any] = {}
    for name, column in columns.items():
        other = own[name]
        if isinstance(column, set) and isinstance(other, set):
            found[name] = column | other
        elif isinstance(column, set) or isinstance(other, set):
            raise InputError(f"{path} and {first} are not both CSV or both Parquet: name those of one kind")
        elif column.type != other.type:
            raise InputError(
                f"column {name!r} is {other.type} in {path} and {column.type} in those before: write it alike"
            )
        else:
            found[name] = FileColumn(
                column.type, column.gaps or other.gaps, _levels(column.categories, other.categories)
            )
    return found


def _levels(one: pd.CategoricalDtype | None, other: pd.CategoricalDtype | None) -> pd.CategoricalDtype | None:
    if one is None or other is None:
        return None
    further = other.categories.difference(one.categories, sort=False)
    return pd.CategoricalDtype([*one.categories, *further], bool(one.ordered))


def _paths(path: str | os.PathLike[str]) -> tuple[Path, list[Path]]:
    """The folder that the files' names start from, and the files."""
    whole = at_home(path).absolute()
    if os.path.isfile(whole):
        return whole.parent, [whole]
    if os.path.isdir(whole):
        root = whole
        found = [
            one for one in whole.rglob("*") if one.suffix.lower() in (".csv", *PARQUET) and one.is_file()
        ]
    else:
        found = [Path(name) for name in glob.glob(str(whole), recursive=True) if os.path.isfile(name)]
        root = Path(os.path.commonpath([name.parent for name in found])) if found else whole
    seen = [name for name in found if not any(part[0] in "._" for part in name.relative_to(root).parts)]
    if not seen:
        what = (
            "holds no *.csv and no *.parquet"
            if os.path.isdir(whole)
            else "is no file, folder or pattern of files"
        )
        raise InputError(f"{os.fspath(path)} {what} (looked from {Path.cwd()})")
    return root, sorted(seen)
