"""Cells on the machines of a Dask cluster."""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

from carla_genre.cluster import as_completed, connect, load_distributed
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.child import run_in_subprocess
from carla_genre.harness.process import Stopped
from carla_genre.harness.record import failure

CHECK_EVERY_S = 2.0


def measure_on_cluster(
    cells: Sequence[Cell], paths: Paths, address: str, time_limit: float | None
) -> Generator[tuple[Cell, dict[str, Any]], None, None]:
    """Each cell with its record, as they are done; where this is left early, what runs is killed.

    A cell is a process of its own there too, started by a thread of a worker, so that what goes wrong in it does
    not take the worker with it; a worker runs as many at a time as it has threads. The record travels back: the
    machines need no common folder for it. A worker that is lost has its cells done by another one. ``paths`` are of
    the workers' machines; the rest, and what it raises, is as :func:`carla_genre.harness.run_grid` has it.
    """
    distributed, client = load_distributed(), connect(address)
    run = f"carla-genre-{uuid.uuid4().hex}"
    with client:
        over = distributed.Event(run, client=client)
        jobs = {
            client.submit(
                _on_worker, asdict(cell), asdict(paths), time_limit, run, key=f"{run}-{cell.key}", pure=False
            ): cell
            for cell in cells
        }
        try:
            with closing(as_completed(client, jobs)) as ended:
                for cell, job in ended:
                    yield cell, job.result() if job.status == "finished" else failure(cell, _reason(job))
        finally:
            over.set()


def _on_worker(
    cell: dict[str, Any], paths: dict[str, Any], time_limit: float | None, run: str
) -> dict[str, Any]:
    """Measure the cell; from time to time, check whether the run is over."""
    import distributed

    over, checked = distributed.Event(run), time.monotonic()

    def stopped() -> bool:
        nonlocal checked
        if time.monotonic() - checked < CHECK_EVERY_S:
            return False
        checked = time.monotonic()
        is_over: bool = over.is_set()
        return is_over

    return run_in_subprocess(Cell(**cell), Paths(**paths), time_limit, stopped)


def _reason(job: Any) -> BaseException:
    error = job.exception() if job.status == "error" else None
    return error or Stopped(f"the cluster gave the cell up: {job.status}")
