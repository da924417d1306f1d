"""Answers under constraints that change from one asking to the next: one table.

python -m benchmarks.constrained --root FOLDER --pass first

A set whose figures are in a record is not measured again, so that the same command goes on after Ctrl-C. All runs in
this process. ``--pass first`` asks under each random set with one seed, ``all`` with every seed.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.constrained.measuring import SEARCH, Unit, measure
from benchmarks.constrained.page import markdown
from benchmarks.constrained.rows import ROWS, Row, rows_for
from benchmarks.constrained.sets import ACTIONABLE, DATA, N_SETS, SEEDS, first_pass, names, prepared
from carla_genre.errors import InputError
from carla_genre.harness.record import read_record
from carla_genre.protocol.cache import default_folder
from carla_genre.suggestions import suggestion

PEOPLE = 100
QUICK_PEOPLE, QUICK_ROWS, QUICK_SETS = 10, 1500, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, and print the tables.

    Returns
    -------
    int
        The exit status: 0, 1 where a set has failed, 2 for an error that the user can mend, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    return exit_status("constrained", lambda: _run(options), goes_on=True)


def _run(options: argparse.Namespace) -> int:
    folder = results_folder(options, "constrained")
    unknown = [label for label in options.only if label not in (*ROWS, SEARCH)]
    if unknown:
        raise InputError(f"there is no row {unknown[0]!r}: {suggestion(unknown[0], [*ROWS, SEARCH])}")
    if not options.no_run:
        for data in options.data or (DATA[:1] if options.quick else DATA):
            for seed in options.seeds or (SEEDS[:1] if options.quick else SEEDS):
                _measure(options, data, seed, folder)
    records = [read_record(path) for path in sorted(folder.glob("*_seed*.json"))]
    failed = any("error" in figures for record in records for figures in record["sets"].values())
    for part in ("random", "actionable"):
        print(markdown(records, part, options.classifier) + "\n")
    return int(failed)


def _measure(options: argparse.Namespace, data: str, seed: int, folder: Path) -> None:
    quick = options.quick
    people, rows = (QUICK_PEOPLE, QUICK_ROWS) if quick else (options.people, None)
    cache = str(options.cache or default_folder())
    setting = prepared(data, seed, people, options.root, cache, options.classifier, rows)
    units = [Unit(label, row, quick) for label, row in rows_for(options.classifier, (*options.only,)).items()]
    if not options.only or SEARCH in options.only:
        units.insert(0, Unit(SEARCH, None))
    for unit in units:
        measure(unit, setting, _sets(options, seed, unit.row), folder)


def _sets(options: argparse.Namespace, seed: int, row: Row | None) -> list[str]:
    """The sets that a row is asked under, of those of this pass."""
    chosen = first_pass(seed) if options.which == "first" else names()
    if row is not None and seed not in SEEDS[: row.seeds]:
        return []
    most = QUICK_SETS if options.quick else options.sets
    among = (ACTIONABLE, *names()[1 : most + 1])
    return [name for name in chosen if name in among]


def _parser() -> argparse.ArgumentParser:
    shared = ("root", "results", "cache", "seeds", "only", "quick", "no-run")
    parser = command_parser("constrained", __doc__, *shared)
    parser.add_argument("--data", nargs="+", choices=DATA, default=[], help="these alone")
    parser.add_argument(
        "--pass", dest="which", choices=("first", "all"), default="all", help="which sets and seeds"
    )
    parser.add_argument("--sets", type=int, default=N_SETS, metavar="N", help="the first ones alone")
    parser.add_argument("--people", type=int, default=PEOPLE, metavar="N", help="people of a seed")
    parser.add_argument("--classifier", choices=("ann", "boosting"), default="ann", help="what h is")
    return parser


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    logging.getLogger("carla_genre").setLevel(logging.ERROR)
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    sys.exit(main())
