"""Runs code in a process forked from one that has imported the large libraries, but nothing of ours or CARLA's.

A fresh interpreter imports them for some seconds each time; what is asked here does not depend on that.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import runpy
import sys
import warnings
from pathlib import Path

LIBRARIES = [
    "matplotlib.pyplot",
    "pandas",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.neighbors",
    "sklearn.pipeline",
    "torch._dynamo",
    "torch.utils.data",
]


def run(code: str | Path, environment: dict[str, str], paths: list[str], out: Path, err: Path) -> int | None:
    """Run code or a file as `python -W ignore` does, its output going to files: the exit status."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    child = context.Process(target=_run, args=(code, environment, paths, out, err))
    child.start()
    child.join(240)
    if child.is_alive():
        child.kill()
        child.join()
    return child.exitcode


def _run(code: str | Path, environment: dict[str, str], paths: list[str], out: Path, err: Path) -> None:
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, "w"), write_through=True) for number in (1, 2)
    )
    os.environ.clear()
    os.environ.update(environment)
    own = str(Path(__file__).parent)
    sys.path[:] = [*paths, *(path for path in sys.path if path not in (own, *paths))]
    warnings.simplefilter("ignore")
    if isinstance(code, Path):
        sys.path.insert(0, str(code.parent))
        runpy.run_path(str(code), run_name="__main__")
    else:
        exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})
