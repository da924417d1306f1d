"""A generator for another h or gamma from the one that is there: seconds and Score beside a training anew.

python -m benchmarks.studies.warm --root FOLDER [--data compas heloc adult] [--seeds 0 1 2 3 4] [--json FOLDER]

Seconds are the processor's, on one thread. A data set's JSON is written when all of its seeds are measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.command import command_parser, exit_status
from benchmarks.studies.warm.study import Plan, measured
from carla_genre.harness.record import write
from carla_genre.protocol.data import REAL_DATA

QUICK: Mapping[str, Any] = {"factuals": 10, "rows": 600, "steps": 10}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C."""
    parser = command_parser("studies.warm", __doc__, "root", "seeds", "quick")
    parser.set_defaults(seeds=[0, 1, 2, 3, 4])
    parser.add_argument("--data", nargs="+", choices=REAL_DATA, default=["compas", "heloc", "adult"])
    parser.add_argument("--json", type=Path, help="folder of the JSONs to write, one a data set")
    if parser.parse_args(arguments).quick:
        parser.set_defaults(data=["adult"], seeds=[0])
    options = parser.parse_args(arguments)
    return exit_status("warm", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    plan = Plan(**(QUICK if options.quick else {}))
    for data in options.data:
        rows = []
        for seed in options.seeds:
            for row in measured(data, seed, options.root, plan):
                rows.append(row)
                print(_line(row), flush=True)
        if options.json:
            write(options.json / f"{data}.json", {**asdict(plan), "seeds": options.seeds}, {"rows": rows})


def _line(row: Mapping[str, Any]) -> str:
    where = ", ".join(str(row[name]) for name in ("data", "seed", "change", "start", "rule"))
    return f"{where}: {row['build_cpu_s']:.1f} s, Score {row['score']:.3f}, answered {row['answered']:.2f}"


if __name__ == "__main__":
    sys.exit(main())
