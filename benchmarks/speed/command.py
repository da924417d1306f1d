"""What the command of every timing shares: its options, and what it prints and writes.

A module of benchmarks/speed has ``main(arguments)`` and takes ``--runs``, ``--quick`` and ``--json``; its figures are,
by the title of a row of the table, one flat mapping of numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.command import command_parser
from carla_genre.harness.record import write

# Options that say where things are, not what is measured.
PLACES = ("json", "root")


def timing_parser(name: str, description: str | None, runs: int) -> argparse.ArgumentParser:
    """A parser with the options that all timings have; ``runs`` is the default of how often it is measured."""
    parser = command_parser(f"speed.{name}", description)
    parser.add_argument("--runs", type=int, default=runs, help=f"measurements of each row (default {runs})")
    parser.add_argument("--quick", action="store_true", help="a tiny size, in seconds, to see that it runs")
    parser.add_argument("--json", type=Path, help="file to write")
    return parser


def parse(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, quick: Mapping[str, Any]
) -> argparse.Namespace:
    """Parse; with ``--quick`` the options that are not given have the values of ``quick``."""
    if parser.parse_args(arguments).quick:
        parser.set_defaults(**quick)
    return parser.parse_args(arguments)


def finish(options: argparse.Namespace, figures: Mapping[str, Mapping[str, float]], **further: Any) -> None:
    """Print the rows, and write them where ``--json`` says, with the options and ``further`` settings."""
    for title, row in figures.items():
        print(f"{title}: " + ", ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
    if options.json:
        told = {
            name: value for name, value in vars(options).items() if value is not None and name not in PLACES
        }
        if not told["quick"]:
            del told["quick"]
        write(options.json, {**told, **further}, figures)
