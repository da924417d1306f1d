"""What the command of every timing shares: its options, and what it prints and writes.

A module of benchmarks/speed has ``main(arguments)`` and takes ``--runs``, ``--quick`` and ``--json``; its figures are,
by the title of a row of the table, one flat mapping of numbers.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.command import command_parser
from carla_genre.harness.code import code_digest
from carla_genre.harness.record import write
from carla_genre.io import write_text

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


def resumed(options: argparse.Namespace, parts: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What each part gives, by its name; one that an earlier run has measured is read.

    It is kept beside the file of ``--json`` until :func:`finish`, with the options and the digest of the code; where
    these are others, it is measured again.
    """
    given = {"options": _told(options), "code": code_digest()}
    found: dict[str, Any] = {}
    for name, measure in parts.items():
        path = _kept(options.json) / f"{name}.json" if options.json else None
        if path and path.exists():
            content = json.loads(path.read_text(encoding="utf-8"))
            if {key: content.get(key) for key in given} == given:
                found[name] = content["figures"]
                continue
        found[name] = measure()
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps({**given, "figures": found[name]}))
    return found


def _kept(path: Path) -> Path:
    """The folder of the parts of a file of ``--json``."""
    return path.with_suffix(".parts")


def _told(options: argparse.Namespace) -> dict[str, Any]:
    """The options that say what is measured."""
    told = {name: value for name, value in vars(options).items() if value is not None and name not in PLACES}
    return {name: value for name, value in told.items() if name != "quick" or value}


def finish(options: argparse.Namespace, figures: Mapping[str, Mapping[str, float]], **further: Any) -> None:
    """Print the rows, and write them where ``--json`` says, with the options and ``further`` settings."""
    for title, row in figures.items():
        print(f"{title}: " + ", ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
    if options.json:
        write(options.json, {**_told(options), **further}, figures)
        shutil.rmtree(_kept(options.json), ignore_errors=True)
