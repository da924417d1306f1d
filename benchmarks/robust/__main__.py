"""Recourse after h is trained again, with wrong labels, a miscalibrated h, and many features: one table.

python -m benchmarks.robust --root FOLDER

Cells whose record is there are not measured again, so that the same command goes on after Ctrl-C. All cells run in this
process, one after the other.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.robust.cells import GRID, cells, wide_cells
from benchmarks.robust.page import markdown
from benchmarks.robust.wide import WIDE, write_tables
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.grid_file import read_yaml
from carla_genre.harness.measure import measure_or_fail
from carla_genre.harness.run import records_of, run_grid
from carla_genre.protocol.cache import default_folder

_DATA = tuple(read_yaml(GRID.read_text(encoding="utf-8"))["data"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, and print the table.

    Returns
    -------
    int
        The exit status: 0, 1 where cells have failed or are not measured, 2 for an error that the user can mend, 130
        after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    return exit_status("robust", lambda: _run(options), goes_on=True)


def _run(options: argparse.Namespace) -> int:
    folder = results_folder(options, "robust")
    with tempfile.TemporaryDirectory() as tables:
        every = _cells(options, Path(tables))
        if not options.no_run:
            paths = Paths(options.root, tables, str(options.cache or default_folder()))
            # In this process: most cells take less than a process takes to start.
            run_grid(every, folder, paths, measure_one=measure_or_fail)
    records = records_of(every, folder)
    print(markdown(records))
    return int(len(records) < len(every) or any("error" in record for record in records))


def _cells(options: argparse.Namespace, tables: Path) -> list[Cell]:
    """The chosen cells; the tables of many features are written into a folder."""
    usual = _DATA[:1] if options.quick else (*_DATA, *WIDE)
    chosen = options.data or usual
    narrow, wide = ([name for name in chosen if name in known] for known in (_DATA, WIDE))
    of_paper = cells(options.quick, options.only, narrow, options.seeds) if narrow else []
    of_many = write_tables(wide, tables, options.uci)
    return of_paper + (wide_cells(of_many, options.quick, options.only, options.seeds) if wide else [])


def _parser() -> argparse.ArgumentParser:
    shared = ("root", "results", "cache", "seeds", "only", "quick", "no-run")
    parser = command_parser("robust", __doc__, *shared)
    parser.add_argument(
        "--uci", type=Path, metavar="DIR", help="folder of crime.csv (CF_DATA, or its package)"
    )
    parser.add_argument("--data", nargs="+", choices=(*_DATA, *WIDE), default=[], help="these alone")
    return parser


if __name__ == "__main__":
    logging.getLogger("carla_genre").setLevel(logging.WARNING)  # a line a cell is enough
    sys.exit(main())
