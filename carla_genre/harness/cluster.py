"""Cells on the machines of a Dask cluster."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Generator, Sequence
from dataclasses import asdict
from typing import Any

from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.harness.cell import Cell, Places
from carla_genre.harness.child import measure_apart
from carla_genre.harness.process import Stopped
from carla_genre.harness.record import failure

ASK_EVERY_S = 2.0
CONNECT_S = 20.0


def measure_on_cluster(
    cells: Sequence[Cell], places: Places, address: str, time_limit: float | None
) -> Generator[tuple[Cell, dict[str, Any]], None, None]:
    """Each cell with its record, as they are done; where this is left early, what runs is killed.

    A cell is a process of its own there too, started by a thread of a worker, so that what goes wrong in it does
    not take the worker with it; a worker runs as many at a time as it has threads. The record travels back: the
    machines need no common folder for it. A worker that is lost has its cells done by another one.

    Parameters
    ----------
    cells, time_limit
        As :func:`carla_genre.harness.run_grid` takes them.
    places : Places
        Of the workers' machines.
    address : str
        Of the scheduler, as ``tcp://host:8786``, or the path of its scheduler file.

    Raises
    ------
    MissingDependencyError
        Dask is not installed.
    InputError
        The address is none, or no scheduler answers.
    """
    distributed, client = load_distributed(), connect(address)
    run = f"carla-genre-{uuid.uuid4().hex}"
    with client:
        over = distributed.Event(run, client=client)
        jobs = {
            client.submit(
                _on_worker, asdict(cell), asdict(places), time_limit, run, key=f"{run}-{cell.key}", pure=False
            ): cell
            for cell in cells
        }
        try:
            for job in distributed.as_completed(list(jobs), loop=client.loop):
                if job.status == "finished":
                    yield jobs[job], job.result()
                else:
                    yield jobs[job], failure(jobs[job], _reason(job))
        finally:
            over.set()
            client.cancel(list(jobs))


def load_distributed() -> Any:
    """Dask's ``distributed``.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        import distributed  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise MissingDependencyError(
            "a cluster needs Dask, which is not installed. Install it with: pip install 'carla-genre[cluster]'"
        ) from error
    return distributed


def connect(address: str) -> Any:
    """A client of the scheduler at an address, or of a scheduler file.

    Raises
    ------
    MissingDependencyError
        Dask is not installed.
    InputError
        The address is none, or no scheduler answers.
    """
    distributed = load_distributed()
    is_file = os.path.isfile(address)
    if not is_file and not re.search(r":\d+/?$", address):
        raise InputError(
            f"the cluster {address!r} is neither an address with a port, as tcp://host:8786, nor a scheduler file that "
            "is there"
        )
    where = {"scheduler_file": address} if is_file else {"address": address}
    try:
        return distributed.Client(**where, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address!r} ({error}): start one with `dask scheduler`, its workers with "
            "`dask worker ADDRESS`"
        ) from error


def _on_worker(
    cell: dict[str, Any], places: dict[str, Any], time_limit: float | None, run: str
) -> dict[str, Any]:
    """Measure, and ask the scheduler now and then whether the run is over."""
    import distributed

    over, asked = distributed.Event(run), time.monotonic()

    def stopped() -> bool:
        nonlocal asked
        if time.monotonic() - asked < ASK_EVERY_S:
            return False
        asked = time.monotonic()
        return over.is_set()

    return measure_apart(Cell(**cell), Places(**places), time_limit, stopped)


def _reason(job: Any) -> BaseException:
    error = job.exception() if job.status == "error" else None
    return error or Stopped(f"the cluster gave the cell up: {job.status}")
