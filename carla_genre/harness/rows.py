"""The figures of each person: one Parquet file for each folder of records.

A record is a JSON without them. A cell that was just measured has its rows in a file of its own, ``NAME.parquet``
beside ``NAME.json``, so that a run may be killed at any time and several may share a folder. :func:`collect_rows` puts
them into the folder's one file; :func:`read_rows` reads both.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from carla_genre.errors import CheckpointError
from carla_genre.io import SEAL, locked, read_sealed, write_sealed

log = logging.getLogger(__name__)
ROWS = "rows.parquet"
# What identifies a row: the cell, whether the constraints were restored in its answers, the position of the factual.
INDEX = ("key", "held", "person")
# Figures are rounded to six digits. As whole numbers of a millionth they take a third of the bytes of floats.
_MILLIONTHS = pa.decimal128(18, 6)


def split(record: Mapping[str, Any]) -> tuple[dict[str, Any], pd.DataFrame | None]:
    """A record as its JSON has it, and its rows as :func:`read_rows` gives them; None for a failure, which has none."""
    parts = {False: record, True: record.get("constrained", {})}
    frames = [_frame(record["key"], held, part["rows"]) for held, part in parts.items() if "rows" in part]
    plain = {name: value for name, value in record.items() if name != "rows"}
    if "constrained" in record:
        plain["constrained"] = {name: value for name, value in parts[True].items() if name != "rows"}
    return plain, pd.concat(frames, ignore_index=True) if frames else None


def write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Write a whole file of rows, or raise InputError; no digit is lost."""
    columns = {name: pa.array(rows[name]) if name in INDEX else _short(rows[name]) for name in rows}
    table, sink = pa.table(columns).replace_schema_metadata({"seal": SEAL}), pa.BufferOutputStream()
    # Without dictionaries of the figures: few of them come twice.
    pq.write_table(table, sink, compression="zstd", compression_level=19, use_dictionary=["key"])
    write_sealed(path, sink.getvalue().to_pybytes())


def read_rows(folder: str | os.PathLike[str], figures: Sequence[str] | None = None) -> pd.DataFrame:
    """All rows of a folder of records, collected or not. A damaged file is named in a warning and left out.

    Parameters
    ----------
    folder : path
    figures : sequence of str, optional
        These alone; all by default.

    Returns
    -------
    DataFrame
        ``key`` of the cell; ``held``, whether the constraints were restored in the answers; ``person``, from 0
        in the order of the factuals; a float a figure, NaN where the person or the cell has none.
    """
    # The cells' own files first: what is collected meanwhile is then found in the folder's.
    own = _readable(_own_files(Path(folder)), figures)
    return _joined(own, _readable([Path(folder) / ROWS], figures))


def _joined(own: Mapping[Path, pd.DataFrame], collected: Mapping[Path, pd.DataFrame]) -> pd.DataFrame:
    """All rows; a cell's own file is newer than what was collected of it."""
    measured = {key for frame in own.values() for key in frame["key"]}
    older = (frame[~frame["key"].isin(measured)] for frame in collected.values())
    frames = [frame for frame in (*older, *own.values()) if len(frame)]
    return pd.concat(frames or [_NONE], ignore_index=True)


def collect_rows(folder: str | os.PathLike[str]) -> None:
    """Put the rows of a folder's cells into its one file; rows of a cell whose record is gone are left out.

    A damaged file stays as it is, and so do all where it is the folder's one. InputError where it cannot be written.
    """
    folder = Path(folder)
    with locked(folder):
        # Rows are written before their record: without it a cell is not finished.
        finished = [path for path in _own_files(folder) if path.with_suffix(".json").exists()]
        collected = _readable([folder / ROWS])
        is_damaged = (folder / ROWS).exists() and not collected
        own = {} if is_damaged else _readable(finished)
        if own:
            # In the order of the records' names: similar rows are next to each other, which makes the file smaller.
            records = sorted(folder.glob("*_seed*.json"))
            position = {path.stem.rpartition("_")[2]: number for number, path in enumerate(records)}
            rows = _joined(own, collected)
            rows = rows.assign(position=rows["key"].map(position)).dropna(subset="position")
            rows = rows.sort_values(["position", "held", "person"]).drop(columns="position")
            write_rows(folder / ROWS, rows)
        for path in own:
            path.unlink()


def _own_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*_seed*.parquet"))


def _frame(key: str, held: bool, rows: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    figures = pd.DataFrame({name: pd.Series(values, dtype=float) for name, values in rows.items()})
    index = pd.DataFrame({"key": key, "held": held, "person": range(len(figures))})
    return pd.concat([index, figures], axis=1)


def _short(figures: pd.Series) -> pa.Array:
    """Decimals where they are all there is of the numbers, else floats."""
    floats = pa.array(figures, pa.float64(), from_pandas=True)
    try:
        decimals = floats.cast(_MILLIONTHS)
    except pa.ArrowInvalid:  # too large
        return floats
    return decimals if _floats(decimals).equals(floats) else floats


def _floats(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The floats nearest to the decimals; by their text, since Arrow's own way is off by a bit."""
    return column.cast(pa.string()).cast(pa.float64()) if pa.types.is_decimal(column.type) else column


_NONE = pd.DataFrame({"key": pd.Series(dtype=str), "held": pd.Series(dtype=bool)})


def _readable(paths: Sequence[Path], figures: Sequence[str] | None = None) -> dict[Path, pd.DataFrame]:
    """The content of those files that are there and of rows."""
    found = {}
    for path in paths:
        try:
            content = pa.py_buffer(read_sealed(path))
            there = pq.read_schema(pa.BufferReader(content)).names
            wanted = there if figures is None else [name for name in there if name in (*INDEX, *figures)]
            names = [*INDEX, *(name for name in wanted if name not in INDEX)]
            table = pq.read_table(pa.BufferReader(content), columns=names)
            columns = {name: _floats(table[name]) for name in table.column_names}
            found[path] = pa.table(columns).to_pandas().astype({"held": bool})
        except (CheckpointError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            if isinstance(error.__cause__, FileNotFoundError):
                continue  # collected meanwhile, or nothing was measured
            log.warning("%s is left out, it is damaged or no file of rows: %s", path, error)
    return found
