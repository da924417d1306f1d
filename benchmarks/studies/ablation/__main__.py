"""Each ingredient of GenRe with and without: choosing, training, distilling; and the paper's preset by its steps.

python -m benchmarks.studies.ablation --root FOLDER [--part choosing training distilling control] [--data ...]
        [--seeds ...] [--minutes ...]

One JSON a part, data set and seed. What is there is not measured again, so that the same command goes on after Ctrl-C.
Seconds are the processor's.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.studies.ablation import choices, control, distilling, trainings
from benchmarks.studies.ablation.base import Base, Plan
from benchmarks.studies.ablation.page import markdown
from carla_genre.harness.record import write
from carla_genre.protocol.data import REAL_DATA

QUICK: Mapping[str, Any] = {"factuals": 10, "rows": 1500, "steps": 10, "control_minutes": 0.05}


class Part(NamedTuple):
    """What is measured, and usually on which data sets and seeds."""

    measured: Callable[[Base], Iterator[dict[str, Any]]]
    data: tuple[str, ...]
    seeds: tuple[int, ...]


_THREE = ("compas", "heloc", "adult")
PARTS = {
    "choosing": Part(choices.measured, _THREE, (0, 1, 2, 3, 4)),
    "training": Part(trainings.measured, _THREE, (0, 1, 2, 3, 4)),
    "distilling": Part(distilling.measured, _THREE, (0, 1, 2, 3, 4)),
    "control": Part(control.measured, ("compas",), (0, 1)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, and print the tables.

    Returns
    -------
    int
        The exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    return exit_status("ablation", lambda: _run(options), goes_on=True)


def _run(options: argparse.Namespace) -> None:
    folder = results_folder(options, "ablation")
    plan = Plan(**(QUICK if options.quick else {"control_minutes": options.minutes}))
    for name in options.part:
        part = PARTS[name]
        seeds, data = options.seeds or part.seeds, options.data or part.data
        if options.quick:
            seeds, data = seeds[:1], ("adult",)
        for seed in seeds:
            for data_set in data:
                path = folder / f"{name}_{data_set}_seed{seed}.json"
                if not path.exists():
                    print(f"{name}: {data_set}, seed {seed}", file=sys.stderr, flush=True)
                    rows = list(part.measured(Base(data_set, seed, options.root, plan)))
                    settings = {"part": name, "data": data_set, "seed": seed, **asdict(plan)}
                    write(path, settings, {"rows": rows})
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*_seed*.json"))]
    for name in options.part:
        for table in ("validity", "expected") if name == "training" else (name,):
            print(f"\n{name}, {table}\n\n{markdown(records, table)}")


def _parser() -> argparse.ArgumentParser:
    parser = command_parser("studies.ablation", __doc__, "root", "results", "seeds", "quick")
    parser.add_argument("--part", nargs="+", choices=tuple(PARTS), default=list(PARTS), help="these alone")
    parser.add_argument("--data", nargs="+", choices=REAL_DATA, default=[], help="these alone")
    parser.add_argument(
        "--minutes", type=float, metavar="M", help="of the processor, at most, for a training of the control"
    )
    return parser


if __name__ == "__main__":
    logging.getLogger("carla_genre").setLevel(logging.ERROR)  # a line a cell is enough
    sys.exit(main())
