"""Cells in processes of this machine, several at a time.

Of cells that several runs have in common, one of them measures each, and the others take its record.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import Any

from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.child import run_in_subprocess
from carla_genre.harness.process import POLL_S, Stopped
from carla_genre.harness.record import read_record, write_record
from carla_genre.io import claimed

MeasureOne = Callable[..., dict[str, Any]]


def measure_unclaimed(
    cells: Sequence[Cell],
    folder: Path,
    paths: Paths,
    workers: int,
    time_limit: float | None,
    started: Callable[[Cell], None],
    measure_one: MeasureOne,
    seen: Mapping[str, object],
) -> Generator[tuple[Cell, dict[str, Any]], None, None]:
    """As :func:`measure_here`, with the records written into ``folder``, in which other runs of this machine may work.

    What one of them is measuring comes last. Its record is waited for, be it one of a failure; if there is none then,
    the cell is measured here. ``seen`` has the :func:`stamp` of each cell's record when the run began.
    """
    left = list(cells)
    for waits in (False, True):
        busy, measure = [], _claiming(folder, measure_one, seen, waits)
        with closing(measure_here(left, paths, workers, time_limit, started, measure)) as done:
            for cell, record in done:
                if record:
                    yield cell, record
                else:
                    busy.append(cell)
        left = busy


def stamp(path: Path) -> object:
    """Another one for each file that takes a place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _claiming(folder: Path, measure_one: MeasureOne, seen: Mapping[str, object], waits: bool) -> MeasureOne:
    """``measure_one``, and its record written, unless another run has done so meanwhile; {} where one is at it."""

    def measure(
        cell: Cell, paths: Paths, time_limit: float | None, stopped: Callable[[], bool], gpu: str | None
    ) -> dict[str, Any]:
        path = folder / cell.file
        while not stopped():
            with claimed(folder, cell.key) as is_ours:
                if is_ours and stamp(path) not in (None, seen[cell.key]):
                    return read_record(path)
                if is_ours:
                    record = measure_one(cell, paths, time_limit, stopped, gpu)
                    if stopped():
                        break
                    return write_record(path, record)
            if not waits:
                return {}
            time.sleep(POLL_S)
        raise Stopped("the run was stopped")

    return measure


def measure_here(
    cells: Sequence[Cell],
    paths: Paths,
    workers: int,
    time_limit: float | None,
    started: Callable[[Cell], None],
    measure_one: MeasureOne = run_in_subprocess,
) -> Generator[tuple[Cell, dict[str, Any]], None, None]:
    """Each cell with its record, as they are done; where this is left early, what runs is killed.

    ``workers`` cells run at a time; several GPUs are dealt out among them. One worker is the calling thread, so that
    Ctrl-C ends a cell that is measured in this process as well. ``started`` is told, in the worker's thread, of each
    cell that begins. The rest is as :func:`carla_genre.harness.run_grid` takes it.
    """
    if workers == 1:
        (gpu,) = _gpus(workers)
        for cell in cells:
            started(cell)
            yield cell, measure_one(cell, paths, time_limit, lambda: False, gpu)
        return
    over = threading.Event()
    gpus: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    for gpu in _gpus(workers):
        gpus.put(gpu)

    def measure(cell: Cell) -> dict[str, Any]:
        gpu = gpus.get()
        try:
            started(cell)
            return measure_one(cell, paths, time_limit, over.is_set, gpu)
        finally:
            gpus.put(gpu)

    with ThreadPoolExecutor(workers) as pool:
        jobs = {pool.submit(measure, cell): cell for cell in cells}
        try:
            for job in as_completed(jobs):
                yield jobs[job], job.result()
        finally:
            over.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _gpus(workers: int) -> list[str | None]:
    """The GPU of each worker, where there are several; else None, for what this process sees."""
    import torch

    count = torch.cuda.device_count()
    if count < 2:
        return [None] * workers
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = named.split(",") if named else [str(number) for number in range(count)]
    return [names[worker % len(names)] for worker in range(workers)]
