"""Run a grid: each cell in a process of its own, finished ones skipped, failures recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

from carla_genre.errors import CarlaGenreError
from carla_genre.harness.cell import Cell, failure, write_whole

Say = Callable[[str], None]


def run_grid(
    cells: Sequence[Cell],
    folder: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    workers: int = 1,
    time_limit: float | None = None,
    say: Say = print,
) -> list[dict[str, Any]]:
    """Measure what is not measured yet.

    Parameters
    ----------
    cells : sequence of Cell
    folder : path
        One JSON a cell. A cell whose record is there is not run again, unless it failed; so a run that was
        killed goes on where it was.
    root : path, optional
        Folder of CARLA's CSVs.
    workers : int
        Cells at a time, each on one processor thread.
    time_limit : float, optional
        Seconds after which a cell is stopped, which is recorded as a failure.
    say : callable
        Told a line when a cell is done.

    Returns
    -------
    list of dict
        The records, in the order of the cells.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    left = [cell for cell in cells if not _finished(target / cell.file)]
    if len(left) < len(cells):
        say(f"{len(cells) - len(left)} of {len(cells)} cells are finished already")
    where = None if root is None else os.fspath(Path(root).resolve())
    pool = ThreadPoolExecutor(max(1, workers))
    running: list[subprocess.Popen[bytes]] = []
    try:
        jobs = {pool.submit(_run_apart, cell, target, where, time_limit, running): cell for cell in left}
        for number, job in enumerate(as_completed(jobs), 1):
            job.result()
            cell = jobs[job]
            say(f"[{number}/{len(left)}] {_summary(cell, read_record(target / cell.file))}")
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in running:
            process.kill()
        raise
    pool.shutdown()
    return [read_record(target / cell.file) for cell in cells]


def read_record(path: Path) -> dict[str, Any]:
    """A cell's record.

    Raises
    ------
    CarlaGenreError
        The file is not one.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise CarlaGenreError(f"{path} is no record of a benchmark: {error}") from error


def _finished(path: Path) -> bool:
    return path.exists() and "error" not in read_record(path)


def _run_apart(
    cell: Cell, folder: Path, root: str | None, time_limit: float | None, running: list[Any]
) -> None:
    """Measure a cell in a process of its own; whatever becomes of it, there is a record afterwards."""
    record = folder / cell.file
    record.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        job, log = Path(scratch) / "cell.json", Path(scratch) / "log"
        job.write_text(json.dumps({"cell": asdict(cell), "root": root}))
        command = [sys.executable, "-m", "carla_genre.harness.cell", str(job), str(record)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=_environment()
            )
            running.append(process)
            try:
                status: int | None = process.wait(time_limit)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = None
        if record.exists():
            return
        if status is None:
            reason = f"stopped after the time limit of {time_limit:g} s"
        else:
            last = log.read_text(errors="replace").strip().splitlines()[-5:]
            reason = f"the process ended with status {status}: {' | '.join(last)}"
        write_whole(record, failure(cell, CarlaGenreError(reason)))


def _environment() -> Mapping[str, str]:
    """One processor thread a cell: small products that share threads wait for each other on a busy machine."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), os.getcwd()])
    return {**os.environ, **threads, "PYTHONPATH": path}


def _summary(cell: Cell, record: Mapping[str, Any]) -> str:
    name = f"{cell.data}, seed {cell.seed}, {cell.label}"
    if "error" in record:
        return f"{name}: failed, {record['error']['type']}: {record['error']['message']}"
    scores, seconds = record["scores"], record["seconds"]
    figures = ", ".join(
        f"{what} {'-' if scores[what] is None else format(scores[what], '.2f')}"
        for what in ("score", "cost", "val", "lof", "answered")
    )
    return f"{name}: {figures}; prepared in {seconds['prepare']:.1f} s, answered in {seconds['answer']:.2f} s"
