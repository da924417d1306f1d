"""Whom the Score is lost on.

python -m benchmarks.studies.groups [--root FOLDER] [--data NAME ...] [--seeds 0 1 2 3 4] [--results FOLDER]

There is a JSON for each data set and seed; what has one is not measured again. HMDA is made by
scripts/make_datasets.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.studies.groups.study import measured
from benchmarks.studies.records import Plan, record_once
from carla_genre.evaluation.judges.gold_kinds import GOLD_KINDS
from carla_genre.protocol import prepare
from carla_genre.protocol.cache import default_folder

# All of them freeze something; as many people as h denies in each world of HMDA.
DATA = ("adult", "compas", "hmda")
WHOLE = Plan(factuals=150)
QUICK = Plan(rows=600, factuals=10, steps=10)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C."""
    parser = command_parser("studies.groups", __doc__, "root", "results", "seeds", "quick")
    parser.add_argument("--data", nargs="+", choices=DATA, default=[], metavar="NAME")
    options = parser.parse_args(arguments)
    return exit_status("groups", lambda: _run(options), goes_on=True)


def _run(options: argparse.Namespace) -> None:
    folder, plan = results_folder(options, "groups"), QUICK if options.quick else WHOLE
    for seed in options.seeds or ([0] if options.quick else range(5)):
        for data in options.data or (["compas"] if options.quick else DATA):
            record_once(
                folder,
                {"data": data, "seed": seed, **asdict(plan)},
                partial(_measure, data, seed, plan, options.root),
                lambda row: (
                    f"{row['gold']} as gold, {row['method']}, {row['peers']} accepted rows: "
                    f"{row['people']} people, Score {row['score']:.3f}"
                ),
            )


def _measure(data: str, seed: int, plan: Plan, root: str | None) -> Iterator[dict[str, Any]]:
    for gold in GOLD_KINDS:
        setting = prepare(data, seed, plan.factuals, root, rows=plan.rows, cache=default_folder(), gold=gold)
        yield from measured(setting, gold, plan)


if __name__ == "__main__":
    sys.exit(main())
