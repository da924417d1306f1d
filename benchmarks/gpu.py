"""All tests that need a GPU and the GPU's rows of the speed table, in under eight minutes, by one command.

    python -m benchmarks.gpu [--json-folder benchmarks/results/speed]
    python -m benchmarks.gpu --dry-run      the same commands in tiny sizes on the processor, to see that they run

Adult is in the package: no files are needed. Each step has a time of its own and is ended when it is over, so that the
others have theirs; the exit status is 1 where a step failed or was ended. A timing that is done is written at once.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.command import command_parser, exit_status
from carla_genre.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "speed"


class Step(NamedTuple):
    """What follows ``python -m``, and the most seconds that it may take."""

    name: str
    arguments: tuple[str, ...]
    seconds: float


def steps(folder: Path, device: str, dry_run: bool) -> list[Step]:
    """The tests and the timings in their order, 470 seconds in all; a timing writes ``NAME_DEVICE.json``."""
    marked = sorted(
        path for path in (ROOT / "tests").rglob("test_*.py") if "mark.gpu" in path.read_text("utf-8")
    )
    tests = ("pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", *map(str, marked))
    timings = {
        "serving": (("--seeds", "0", "--persons", "50", "--people", "20000"), 190.0),
        "training": (("--runs", "1", "--threads", "4"), 80.0),
        "stream": (("--threads", "4"), 80.0),
    }
    found = [Step("tests", (*tests, "--collect-only") if dry_run else tests, 120.0)]
    for name, (given, most) in timings.items():
        size = ("--quick",) if dry_run else ("--data", "adult", *given)
        file = str((folder / f"{name}_{device}.json").resolve())
        found.append(Step(name, (f"benchmarks.speed.{name}", *size, "--json", file), most))
    return found


def run(step: Step) -> str:
    """Run a step in a process of its own: "done", or why it is not."""
    print(f"--- {step.name}", flush=True)
    start = time.perf_counter()
    try:
        status = subprocess.run(
            [sys.executable, "-m", *step.arguments], cwd=ROOT, timeout=step.seconds, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return f"ended after {step.seconds:.0f} s"
    took = time.perf_counter() - start
    return f"done in {took:.0f} s" if status == 0 else f"failed with status {status} after {took:.0f} s"


def measure(options: argparse.Namespace) -> int:
    """:func:`run_all` of :func:`steps`, where there is a GPU or none is needed."""
    import torch

    if not options.dry_run and not torch.cuda.is_available():
        raise InputError("torch finds no GPU here; --dry-run runs the same in tiny sizes on the processor")
    device = "cpu" if options.dry_run else "cuda"
    with tempfile.TemporaryDirectory(prefix="carla-genre-") as scratch:
        folder = Path(scratch) if options.dry_run else options.json_folder
        return run_all(steps(folder, device, options.dry_run))


def run_all(steps: Iterable[Step]) -> int:
    """Run steps one after the other, and tell in a line what came of each; 1 where one is not done."""
    outcomes = {step.name: run(step) for step in steps}
    for name, outcome in outcomes.items():
        print(f"{name}: {outcome}")
    return int(not all(outcome.startswith("done") for outcome in outcomes.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all and tell."""
    parser = command_parser("gpu", __doc__)
    parser.add_argument("--json-folder", type=Path, default=RESULTS, help="where the timings are written")
    parser.add_argument("--dry-run", action="store_true", help="tiny sizes on the processor")
    options = parser.parse_args(arguments)
    return exit_status("gpu", lambda: measure(options))


if __name__ == "__main__":
    sys.exit(main())
