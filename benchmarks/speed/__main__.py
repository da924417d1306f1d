"""All timings of benchmarks/speed, each in a process of its own, and one table of them.

python -m benchmarks.speed --root FOLDER      measure all, write the JSONs, print the table
python -m benchmarks.speed --only answer      one of them; the table is of all JSONs that are there
python -m benchmarks.speed --quick            tiny sizes, to see that all run; nothing is kept
python -m benchmarks.speed --no-run           the table of the JSONs that are there
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import command_parser
from benchmarks.speed.table import markdown, read_timings

MODULES = (
    "training",
    "devices",
    "answer",
    "stream",
    "serving",
    "growth",
    "methods",
    "pairs",
    "parquet",
    "crud_loss",
    "keras_call",
)
ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "speed"
# The last line of what a process leaves that lacks a package.
LACKS_PACKAGE = re.compile(r"(?:[\w.]+\.)?(?:MissingDependencyError|ModuleNotFoundError|ImportError): (.*)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, print; the exit status: 1 where a timing failed."""
    options = _parser().parse_args(arguments)
    if options.no_run:
        print(markdown(read_timings(options.json_folder or RESULTS, MODULES)))
        return 0
    with tempfile.TemporaryDirectory(prefix="carla-genre-") as scratch:
        folder = options.json_folder or (Path(scratch) if options.quick else RESULTS)
        outcomes = {name: measure(name, folder, options) for name in options.only}
        if any(outcome == "measured" for outcome in outcomes.values()):
            print("\n" + markdown(read_timings(folder, MODULES)))
    for name, outcome in outcomes.items():
        if outcome != "measured":
            print(f"{name}: {outcome}", file=sys.stderr)
    return int(any(outcome.startswith("failed") for outcome in outcomes.values()))


def measure(name: str, folder: Path, options: argparse.Namespace) -> str:
    """Run a module in a process of its own, its threads, its peak of memory and its end apart.

    Returns
    -------
    str
        "measured", or "skipped: " and the package that it lacks, or "failed: " and what was raised.
    """
    path = folder / f"{name}_{_device()}.json"
    command = [sys.executable, "-m", f"benchmarks.speed.{name}", "--json", str(path.resolve())]
    if options.quick:
        command.append("--quick")
    if options.runs is not None:
        command += ["--runs", str(options.runs)]
    environment = dict(os.environ)
    if options.root is not None:
        environment["CF_DATA"] = str(options.root.resolve())
    print(f"--- {name}", flush=True)
    done = subprocess.run(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return "measured"
    last = (done.stderr.strip().splitlines() or [f"the process ended with status {done.returncode}"])[-1]
    lacks = LACKS_PACKAGE.fullmatch(last)
    return f"skipped: {lacks[1]}" if lacks else f"failed: {last}"


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _parser() -> argparse.ArgumentParser:
    parser = command_parser("speed", __doc__)
    parser.add_argument(
        "--only", nargs="+", choices=MODULES, default=MODULES, metavar="NAME", help=", ".join(MODULES)
    )
    parser.add_argument("--runs", type=int, help="measurements of each row (default: each module's own)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, in seconds, to see that all run")
    parser.add_argument("--root", type=Path, help="folder of CARLA's CSVs (default: CF_DATA, else ~/cf-data)")
    parser.add_argument(
        "--json-folder", type=Path, help="where the JSONs are (default: benchmarks/results/speed)"
    )
    parser.add_argument("--no-run", action="store_true", help="measure nothing, print the table")
    return parser


if __name__ == "__main__":
    sys.exit(main())
