"""A cell in a process of its own.

python -m carla_genre.harness.child JOB.json RECORD.json is that process; `run_in_subprocess` starts it and waits.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from carla_genre.errors import CarlaGenreError
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.process import end_with_parent, run_process
from carla_genre.harness.record import failure, read_record
from carla_genre.io import write_text


def run_in_subprocess(
    cell: Cell,
    paths: Paths,
    time_limit: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
    gpu: str | None = None,
) -> dict[str, Any]:
    """Measure a cell in a process of its own; whatever becomes of that, there is a record.

    Parameters
    ----------
    cell : Cell
    paths : Paths
    time_limit, stopped
        As :func:`carla_genre.harness.process.run_process` takes them; the time is up for the whole process,
        training the classifiers included.
    gpu : str, optional
        The one that the process sees, as CUDA_VISIBLE_DEVICES names it; None for those of this process.

    Raises
    ------
    Stopped
        ``stopped`` said so.
    """
    with tempfile.TemporaryDirectory(prefix="carla-genre-") as scratch:
        job, record, log = (Path(scratch) / name for name in ("job.json", "record.json", "log"))
        job.write_text(json.dumps({"cell": asdict(cell), "paths": asdict(paths)}))
        command = [sys.executable, "-m", "carla_genre.harness.child", str(job), str(record)]
        end = run_process(command, log, _environment(scratch, gpu), time_limit, stopped)
        if record.exists():
            return read_record(record)
        last = log.read_text(errors="replace").strip().splitlines()[-5:]
        return failure(cell, CarlaGenreError(": ".join([end, *filter(None, [" | ".join(last)])])))


def _environment(scratch: str, gpu: str | None) -> Mapping[str, str]:
    """One processor thread a cell: small products that share threads wait for each other on a busy machine."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # What could be imported when the grid was checked is found: a method of one's own may lie anywhere.
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    seen = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
    # CARLA's methods name the file of an autoencoder after the data alone, and read what another seed has left.
    return {**os.environ, **threads, **seen, "PYTHONPATH": path, "CF_MODELS": scratch}


def main(arguments: list[str]) -> int:
    """Measure the cell of a JSON file and write its record; an error is a record too."""
    end_with_parent()
    from carla_genre.harness.measure import measure_or_fail  # which takes seconds to import

    content, target = json.loads(Path(arguments[0]).read_text()), Path(arguments[1])
    record = measure_or_fail(Cell(**content["cell"]), Paths(**content["paths"]))
    write_text(target, json.dumps(record))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
