"""Run a grid: each cell in a process of its own, finished ones skipped, failures recorded."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.child import run_in_subprocess
from carla_genre.harness.code import of_other_code
from carla_genre.harness.local import measure_unclaimed, stamp
from carla_genre.harness.progress import GridProgress
from carla_genre.harness.record import read_record, write_record
from carla_genre.harness.rows import ROWS, collect_rows
from carla_genre.harness.table import check_measured
from carla_genre.io import check_writable
from carla_genre.protocol.data import load_protocol_data


def run_grid(
    cells: Sequence[Cell],
    folder: str | os.PathLike[str],
    paths: Paths = Paths(),  # noqa: B008  (frozen)
    workers: int = 1,
    time_limit: float | None = None,
    cluster: str | None = None,
    progress: GridProgress | None = None,
    measure_one: Callable[..., dict[str, Any]] = run_in_subprocess,
) -> list[dict[str, Any]]:
    """Measure what is not measured yet.

    Parameters
    ----------
    cells : sequence of Cell
    folder : path
        One JSON a cell. A cell whose record is there is not run again, unless it failed; so a run that was
        killed goes on where it was. The figures of each person are in Parquet: :func:`carla_genre.harness.read_rows`.
    paths : Paths
        Where data and cache are.
    workers : int
        Cells at a time on this machine, each on one processor thread.
    time_limit : float, optional
        Seconds after which a cell is stopped, which is recorded as a failure.
    cluster : str, optional
        Address of a Dask scheduler, or its file; the cells then run on its workers instead.
    progress : GridProgress, optional
        Told what begins and ends.
    measure_one : callable
        How a cell is measured on this machine; in a process of its own by default.

    Returns
    -------
    list of dict
        The records, in the order of the cells, as their JSONs have them.

    Raises
    ------
    InputError
        Data of the grid cannot be read, or the folder not be written; nothing was started.
    """
    if workers < 1:
        raise InputError(f"workers must be 1 or more, got {workers}")
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"time_limit must be above 0 seconds, got {time_limit:g}")
    target, progress = Path(folder), progress or GridProgress()
    check_writable(target / ROWS)
    seen = {cell.key: stamp(target / cell.file) for cell in cells}
    records = {cell.key: record for cell in cells if (record := _finished(target / cell.file, cell))}
    left = [cell for cell in cells if cell.key not in records]
    for cell in left:
        check_writable(target / cell.file)
    if cluster is None:
        for source in {cell.data: cell for cell in left}.values():
            # A missing file is an error before anything starts.
            load_protocol_data(paths.source(source), paths.root)
    with progress as shown:
        shown.begin(cells, list(records.values()))
        others = of_other_code((cell, records[cell.key]) for cell in cells if cell.key in records)
        if others:
            shown.say(
                f"{len(others)} of them were measured by other code, and stay as they are: "
                f"{', '.join(dict.fromkeys(cell.label for cell in others))}. To measure them again, choose another "
                "folder of results, or remove their records"
            )
        if cluster is None:
            limits = paths, workers, time_limit
            done = measure_unclaimed(left, target, *limits, shown.start, measure_one, seen)
        else:
            from carla_genre.harness.cluster import measure_on_cluster

            done = measure_on_cluster(left, paths, cluster, time_limit)
        with closing(done):
            for cell, record in done:
                if cluster is not None:  # on this machine it is written already, with its claim
                    record = write_record(target / cell.file, record)
                records[cell.key] = record
                shown.finish(cell, record)
    collect_rows(target)
    return [records[cell.key] for cell in cells]


def records_of(cells: Sequence[Cell], folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The records that a folder has of these cells, failures included, in the order of the cells."""
    paths = [Path(folder) / cell.file for cell in cells]
    return [_whole(path, read_record(path)) for path in paths if path.exists()]


def _finished(path: Path, cell: Cell) -> dict[str, Any] | None:
    """The cell's record, if there is one and it is not one of a failure."""
    if not path.exists():
        return None
    record = read_record(path)
    return _whole(path, record) if record["key"] == cell.key and "error" not in record else None


def _whole(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """A record that tables can be made of; InputError, which names the file, for another one."""
    try:
        check_measured(record)
    except InputError as error:
        raise InputError(
            f"{path} is no whole record of a measurement, or one of another version, remove it to measure the cell "
            f"again: {error}"
        ) from error
    return record
