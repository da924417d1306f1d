"""The row groups of Parquet files, and their rows a batch at a time."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from carla_genre.errors import InputError

# Rows in memory at a time: a row group may be as large as its file.
BATCH_ROWS = 1 << 14


@dataclass(frozen=True)
class RowGroup:
    """Rows that one file holds together; all numbers start at 0."""

    path: str
    number: int  # in its file
    part: int  # among the groups of all files
    first: int  # number of its first row among the rows of all files
    rows: int


@dataclass(frozen=True)
class ParquetSource:
    """Parquet files of the same columns.

    Their row groups are in the order of the files' names. A column's type is that of its values, however they are laid
    out in the file. What identifies a file is its name, size in bytes, rows, and the digest of its footer.
    """

    groups: tuple[RowGroup, ...]
    types: dict[str, Any]
    files: tuple[dict[str, Any], ...]

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(group.rows for group in self.groups)


def open_source(path: str | os.PathLike[str]) -> ParquetSource:
    """Look at the footers of Parquet files; no row is read.

    ``path`` is a file, a folder (its ``*.parquet``, those of folders within too), or a glob pattern. What begins with a
    dot or an underscore is left aside. InputError where there is no such file, one is no Parquet file, or a column's
    type differs between files.
    """
    groups: list[RowGroup] = []
    files: list[dict[str, Any]] = []
    types: dict[str, Any] = {}
    root, paths = _paths(path)
    for name in paths:
        with readable(name):
            metadata = pq.read_metadata(name)
            types = _same_types(types, metadata.schema.to_arrow_schema(), name)
        for number in range(metadata.num_row_groups):
            first = groups[-1].first + groups[-1].rows if groups else 0
            rows = metadata.row_group(number).num_rows
            if rows:
                groups.append(RowGroup(str(name), number, len(groups), first, rows))
        files.append(
            {
                "name": name.relative_to(root).as_posix(),
                "bytes": name.stat().st_size,
                "rows": metadata.num_rows,
                "footer": _footer(name, metadata.serialized_size),
            }
        )
    return ParquetSource(tuple(groups), types, tuple(files))


def read_batches(groups: Sequence[RowGroup], columns: Sequence[str]) -> Iterator[Any]:
    """The rows of groups of one file as ``pyarrow.RecordBatch`` of these columns, at most ``BATCH_ROWS`` at a time."""
    path, numbers, columns = groups[0].path, [group.number for group in groups], list(columns)
    with readable(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS, row_groups=numbers, columns=columns, use_threads=False):
            cells = [batch.column(name) for name in columns]
            yield pa.RecordBatch.from_arrays([cell.cast(_plain(cell.type)) for cell in cells], columns)


@contextlib.contextmanager
def readable(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever a damaged Parquet file makes its reader raise becomes an InputError that names it."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as Parquet: {error}") from error


def _paths(path: str | os.PathLike[str]) -> tuple[Path, list[Path]]:
    """The folder that the files' names start from, and the files."""
    whole = Path(path).expanduser().absolute()
    if whole.is_file():
        return whole.parent, [whole]
    if whole.is_dir():
        root, found = whole, list(whole.rglob("*.parquet"))
    else:
        found = [Path(name) for name in glob.glob(str(whole), recursive=True) if os.path.isfile(name)]
        root = Path(os.path.commonpath([name.parent for name in found])) if found else whole
    seen = [
        name for name in found if not any(part[0] in "._" for part in name.relative_to(root).parts if part)
    ]
    if not seen:
        what = "holds no *.parquet file" if whole.is_dir() else "is no file, folder or pattern of files"
        raise InputError(f"{os.fspath(path)} {what} (looked from {Path.cwd()})")
    return root, sorted(seen)


def _same_types(types: dict[str, Any], schema: Any, name: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in schema:
        if field.name in found:
            raise InputError(f"{name} has the column {field.name!r} more than once")
        found[field.name] = _plain(field.type)
    for column in found if types else ():
        if column in types and types[column] != found[column]:
            raise InputError(
                f"column {column!r} is {found[column]} in {name} and {types[column]} in those before: write it alike"
            )
    # What only some files have is as good as absent.
    return {column: kind for column, kind in found.items() if not types or column in types}


def _plain(kind: Any) -> Any:
    """The type of the values, in a layout that all of Arrow's functions take."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(kind.storage_type)
    return {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}.get(kind, kind)


def _footer(path: Path, size: int) -> str:
    """Digest of a file's footer, which has the statistics of its columns."""
    with path.open("rb") as file:
        file.seek(-(size + 8), os.SEEK_END)
        return hashlib.sha256(file.read()).hexdigest()[:16]
