"""The figures of each person: one Parquet file for each folder of records.

A record is a JSON without them. A cell that was just measured has its rows in a file of its own, ``NAME.parquet``
beside ``NAME.json``, so that a run may be killed at any time and several may share a folder. :func:`collect_rows` puts
them into the folder's one file; :func:`read_rows` reads both.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from carla_genre.errors import InputError
from carla_genre.io import whole_file

if sys.platform != "win32":
    import fcntl

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
    """Write a whole file of rows; no digit is lost.

    Raises
    ------
    InputError
        It cannot be written.
    """
    columns = {name: pa.array(rows[name]) if name in INDEX else _short(rows[name]) for name in rows}
    try:
        with whole_file(path) as part:
            # Without dictionaries of the figures: few of them come twice.
            pq.write_table(
                pa.table(columns), part, compression="zstd", compression_level=19, use_dictionary=["key"]
            )
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}") from error


def read_rows(folder: str | os.PathLike[str], figures: Sequence[str] | None = None) -> pd.DataFrame:
    """All rows of a folder of records, collected or not.

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

    Raises
    ------
    InputError
        A file is none of rows.
    """
    # The cells' own files first: what is collected meanwhile is then found in the folder's.
    own = [_read(path, figures) for path in _own_files(Path(folder))]
    measured = {key for frame in own for key in frame["key"]}
    collected = _read(Path(folder) / ROWS, figures)
    frames = [collected[~collected["key"].isin(measured)], *own]
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def collect_rows(folder: str | os.PathLike[str]) -> None:
    """Put the rows of a folder's cells into its one file; rows of a cell whose record is gone are left out.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with _alone(Path(folder)):
        # Rows are written before their record: without it a cell is not finished.
        own = [path for path in _own_files(Path(folder)) if path.with_suffix(".json").exists()]
        if own:
            # In the order of the records' names: similar rows are next to each other, which makes the file smaller.
            records = sorted(Path(folder).glob("*_seed*.json"))
            position = {path.stem.rpartition("_")[2]: number for number, path in enumerate(records)}
            rows = read_rows(folder)
            rows = rows.assign(position=rows["key"].map(position)).dropna(subset="position")
            rows = rows.sort_values(["position", "held", "person"]).drop(columns="position")
            write_rows(Path(folder) / ROWS, rows)
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


def _read(path: Path, figures: Sequence[str] | None) -> pd.DataFrame:
    try:
        there = pq.read_schema(path).names
        wanted = there if figures is None else [name for name in there if name in (*INDEX, *figures)]
        table = pq.read_table(path, columns=wanted)
        return pa.table({name: _floats(table[name]) for name in wanted}).to_pandas().astype({"held": bool})
    except FileNotFoundError:  # collected meanwhile, or nothing was measured
        return pd.DataFrame({"key": pd.Series(dtype=str), "held": pd.Series(dtype=bool)})
    except (pa.ArrowException, OSError, KeyError) as error:
        raise InputError(f"{path} is no file of rows, remove it: {error}") from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Windows has none: start one run after the other there."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
