"""CSV files: scanned once for their columns and the places of their rows, then read a chunk at a time."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, NamedTuple

import pandas as pd
import pyarrow as pa

from carla_genre.errors import InputError
from carla_genre.files.columns import FileColumn

# What a chunk's cells were read as -> pyarrow's type.
TYPES = {
    "int": pa.int64(),
    "uint": pa.uint64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.string(),
}


# A whole number as Python writes it, that 64 bits hold.
WHOLE = r"0|-?[1-9]\d{0,17}"


class Scan(NamedTuple):
    """What a CSV file has: chunks as (first byte, end, rows), and what each column's cells were read as."""

    names: list[str]
    chunks: list[tuple[int, int, int]]
    kinds: list[set[str]]
    digest: str


def scan(path: Path, rows: int) -> Scan:
    """Read a file once, ``rows`` rows in memory at a time.

    Raises
    ------
    InputError
        It cannot be read, a column is there twice, or a row has more cells than there are columns.
    """
    try:
        with path.open("rb") as file:
            return _scan(file, rows)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} cannot be read as CSV: it is no text in UTF-8 ({error}), save it as a CSV in UTF-8"
        ) from error
    except (OSError, ValueError, csv.Error) as error:  # pandas' are ValueErrors
        raise InputError(f"{path} cannot be read as CSV: {error}") from error


def read(path: str, names: list[str], columns: dict[str, FileColumn], start: int, end: int) -> pd.DataFrame:
    """The rows between two bytes, each column as all rows together need it.

    Raises
    ------
    InputError
        The file cannot be read, or has changed since it was scanned.
    """
    try:
        with open(path, "rb") as file:
            file.seek(start)
            content = file.read(end - start)
        dtypes = {name: _dtype(columns[name]) for name in names}
        frame = _parse(content, names, {name: kind for name, kind in dtypes.items() if kind is not None})
        texts = [name for name in names if columns[name].further and dtypes[name] is str]
        if texts:  # "NA" is a text there, and only an empty cell is a gap
            frame = frame.assign(**_parse(content, names, dict.fromkeys(texts, str), texts, na=False))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from error
    return frame.assign(**{name: columns[name].as_in_the_whole(frame[name]) for name in names})


def further_columns(
    columns: dict[str, FileColumn], features: Iterable[str], places: Iterable[tuple[str, int, int]]
) -> dict[str, FileColumn]:
    """The columns, of which those that are no features are texts unless each cell would be written back as it is.

    So 007, 1.10, 1e5 and TRUE stay, and whole numbers beside a gap are whole. ``places`` are the path, the first byte
    and the end of each chunk; there are none of Parquet, which has types.
    """
    further = {name: replace(one, further=name not in set(features)) for name, one in columns.items()}
    places = list(places)
    own_types = {name: _dtype(one) for name, one in columns.items() if places and further[name].further}
    typed = {name: kind for name, kind in own_types.items() if kind is not str}
    whole, changed = set(typed), set[str]()
    for path, start, end in places if typed else ():
        with open(path, "rb") as file:
            file.seek(start)
            content = file.read(end - start)
        texts = _parse(content, list(columns), dict.fromkeys(typed, str), list(typed), na=False)
        values = _parse(content, list(columns), {n: kind for n, kind in typed.items() if kind}, list(typed))
        for name in typed:
            own = texts[name].dropna()
            if not own.str.fullmatch(WHOLE).all():
                whole.discard(name)
                if not (values[name].loc[own.index].astype(str) == own).all():
                    changed.add(name)
    kept = dict.fromkeys(changed, pa.string()) | dict.fromkeys(whole, pa.int64())
    return further | {name: replace(further[name], type=kind) for name, kind in kept.items()}


def column_of(kinds: set[str]) -> FileColumn:
    """One column from what its cells were read as in all chunks."""
    gaps, found = bool(kinds & {"gap", "none"}), kinds - {"gap", "none"}
    if len(found) == 1:
        (kind,) = found
    else:
        kind = "float" if found <= {"int", "uint", "float"} else "text"
    return FileColumn(TYPES["float" if gaps and kind in ("int", "uint") else kind], gaps)


def _scan(file: IO[bytes], rows: int) -> Scan:
    records = _Records(file)
    rows_of_cells = iter(records)
    names = [name or f"Unnamed: {place}" for place, name in enumerate(next(rows_of_cells, []))]
    if not names:
        raise ValueError("it is empty")
    for separator, said in ((";", "';'"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            raise ValueError(f"its columns are separated by {said}, save it with commas")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"it has the column {twice[0]!r} more than once")
    chunks, kinds = list[tuple[int, int, int]](), [set[str]() for _ in names]
    records.since()
    start, number = records.position, 0
    for cells in itertools.chain(rows_of_cells, [None]):
        if cells is not None:
            number += 1
            if len(cells) > len(names):
                raise ValueError(f"row {number} has {len(cells)} cells, there are {len(names)} columns")
        if number == rows or cells is None:
            frame = _parse(records.since(), names, {})
            for kind, name in zip(kinds, names, strict=True):
                kind |= _kinds_of(frame[name])
            if len(frame):
                chunks.append((start, records.position, len(frame)))
            start, number = records.position, 0
    return Scan(names, chunks, kinds, records.digest.hexdigest()[:16])


class _Records:
    """The records of a file, with the bytes that they take."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.position, self.digest = file, 0, hashlib.sha256()
        self._kept: list[bytes] = []

    def __iter__(self) -> Iterator[list[str]]:
        return csv.reader(self._lines())

    def _lines(self) -> Iterator[str]:
        for line in self.file:
            text = line.decode("utf-8-sig" if self.position == 0 else "utf-8")
            self.position += len(line)
            self.digest.update(line)
            self._kept.append(line)
            yield text

    def since(self) -> bytes:
        """The bytes since the last call."""
        content, self._kept = b"".join(self._kept), []
        return content


def _parse(
    content: bytes,
    names: list[str],
    dtypes: dict[str, Any],
    some: list[str] | None = None,
    na: bool = True,
) -> pd.DataFrame:
    """Rows as pandas reads them, all columns or some; without ``na``, a word for a missing cell is a word."""
    if not content.strip():
        return pd.DataFrame({name: pd.Series(dtype=dtypes.get(name, float)) for name in some or names})
    return pd.read_csv(
        io.BytesIO(content),
        header=None,
        names=names,
        usecols=some,
        index_col=False,
        dtype=dtypes or None,
        low_memory=False,
        keep_default_na=na,
        na_values=None if na else [""],
    )


def _kinds_of(cells: pd.Series) -> set[str]:
    missing = cells.isna()
    if missing.all():
        return {"none"} if len(cells) else set()
    kind = {"i": "int", "u": "uint", "f": "float", "b": "bool"}.get(cells.dtype.kind, "text")
    if cells.dtype == object and cells[~missing].map(lambda cell: isinstance(cell, bool)).all():
        kind = "bool"
    return {kind, "gap"} if missing.any() else {kind}


def _dtype(column: FileColumn) -> Any:
    if column.nullable is not None:
        return column.nullable
    if pa.types.is_boolean(column.type):
        return None if column.gaps else bool
    return str if pa.types.is_string(column.type) else column.type.to_pandas_dtype()
