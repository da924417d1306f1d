"""A cell in a process of its own: `work` is what that does, `run_in_subprocess` starts it and waits."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from carla_genre.children import SAFE, python_command
from carla_genre.errors import CarlaGenreError
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.code import own_digest
from carla_genre.harness.process import end_with_parent, run_process
from carla_genre.harness.record import failure, read_record
from carla_genre.io import scratch_folder, write_text

# One processor thread a cell: small products that share threads wait for each other on a busy machine.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run_in_subprocess(
    cell: Cell,
    paths: Paths,
    time_limit: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
    gpu: str | None = None,
) -> dict[str, Any]:
    """Measure a cell in a process of its own; whatever becomes of that, there is a record.

    ``time_limit`` and ``stopped`` are as :func:`carla_genre.harness.process.run_process` takes them. The time is for
    the whole process, training the classifiers included. ``gpu`` is the one that the process sees, as
    CUDA_VISIBLE_DEVICES names it; None for those of this process.
    """
    with scratch_folder() as scratch:
        job, record, log = (scratch / name for name in ("job.json", "record.json", "log"))
        job.write_text(json.dumps({"cell": asdict(cell), "paths": asdict(paths)}))
        command = python_command("carla_genre.harness.child:work", str(job), str(record))
        seen = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
        # CARLA's methods name the file of an autoencoder after the data alone, and read what another seed has left.
        environment = {**os.environ, **SAFE, **_ONE_THREAD, **seen, "CF_MODELS": str(scratch)}
        end = run_process(command, log, environment, time_limit, stopped)
        if record.exists():
            return read_record(record)
        last = log.read_text(errors="replace").strip().splitlines()[-5:]
        return failure(cell, CarlaGenreError(": ".join([end, *filter(None, [" | ".join(last)])])))


def work(job: str, target: str) -> None:
    """Measure the cell of a JSON file and write its record; an error is a record too."""
    end_with_parent()
    from carla_genre.harness.measure import measure_or_fail  # which takes seconds to import

    content = json.loads(Path(job).read_text())
    cell = Cell(**content["cell"])
    own = own_digest(cell)  # before it is imported: what is edited meanwhile is not what was measured
    record = measure_or_fail(cell, Paths(**content["paths"]))
    if own is not None:
        record["environment"]["own"] = own
    write_text(Path(target), json.dumps(record))
