"""Cells in processes of this machine, several at a time."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.child import run_in_subprocess


def measure_here(
    cells: Sequence[Cell],
    paths: Paths,
    workers: int,
    time_limit: float | None,
    started: Callable[[Cell], None],
    measure_one: Callable[..., dict[str, Any]] = run_in_subprocess,
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
