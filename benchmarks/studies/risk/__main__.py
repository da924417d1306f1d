"""Promised against found: the share of people who get a wrong answer where GenRe is given a ``risk``.

python -m benchmarks.studies.risk [--root FOLDER] [--data KNOWN OR REAL ...] [--seeds N ...] [--results FOLDER]

Known worlds have seeds 0 to 19 and need no file; the data sets have seeds 0 to 4. There is a JSON for each world or
data set and seed; what has one is not measured again, so that the same command goes on after Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.studies.records import record_once
from benchmarks.studies.risk.study import RiskPlan, measured
from benchmarks.studies.risk.world import KNOWN, known_setting
from carla_genre.errors import InputError
from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.cache import default_folder
from carla_genre.protocol.data import REAL_DATA

KNOWN_PLAN = RiskPlan(rows=2000, factuals=300, steps=200, samples=(15, 100, 300))
REAL_PLAN = RiskPlan(rows=None, factuals=200)
QUICK = RiskPlan(rows=1000, factuals=20, steps=5, samples=(5,))
SEEDS = {True: range(20), False: range(5)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C."""
    parser = command_parser("studies.risk", __doc__, "root", "results", "data", "seeds", "quick")
    options = parser.parse_args(arguments)
    return exit_status("risk", lambda: _run(options), goes_on=True)


def _run(options: argparse.Namespace) -> None:
    names = options.data or [*KNOWN, *REAL_DATA]
    unknown = sorted(set(names) - {*KNOWN, *REAL_DATA})
    if unknown:
        raise InputError(f"no world or data set is called {unknown}; there are {[*KNOWN, *REAL_DATA]}")
    folder = results_folder(options, "risk")
    for name in names:
        plan = QUICK if options.quick else KNOWN_PLAN if name in KNOWN else REAL_PLAN
        for seed in options.seeds or ([0] if options.quick else SEEDS[name in KNOWN]):
            record_once(
                folder,
                {"data": name, "seed": seed, **asdict(plan)},
                partial(_measure, name, seed, options.root, plan),
                lambda row: (
                    f"{row['samples']} candidates, risk {row['risk']:g}: wrong {row['wrong']:.3f}, "
                    f"given {row['given']:.2f}"
                ),
            )


def _measure(name: str, seed: int, root: str | None, plan: RiskPlan) -> Iterator[dict[str, Any]]:
    return measured(_setting(name, seed, root, plan), plan)


def _setting(name: str, seed: int, root: str | None, plan: RiskPlan) -> Setting:
    if name in KNOWN:
        return known_setting(name, plan.rows or 0, plan.factuals, seed)
    return prepare(name, seed, plan.factuals, root, rows=plan.rows, cache=default_folder())


if __name__ == "__main__":
    sys.exit(main())
