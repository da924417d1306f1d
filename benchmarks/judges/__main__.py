"""Methods before gold classifiers and tests of plausibility of several kinds: one table.

python -m benchmarks.judges --root FOLDER

Cells whose record is there are not measured again, so that the same command goes on after Ctrl-C. All cells run in this
process, one after the other.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.judges.cells import cells
from benchmarks.judges.measuring import measure_or_fail
from benchmarks.judges.page import markdown
from carla_genre.evaluation.judges.gold_kinds import GOLD_KINDS
from carla_genre.harness.cell import Paths
from carla_genre.harness.run import records_of, run_grid
from carla_genre.protocol.cache import default_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, and print the table.

    Returns
    -------
    int
        The exit status: 0, 1 where cells have failed or are not measured, 2 for an error that the user can mend, 130
        after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    return exit_status("judges", lambda: _run(options), goes_on=True)


def _run(options: argparse.Namespace) -> int:
    folder = results_folder(options, "judges")
    every = cells(options.quick, options.only, options.data, options.seeds, options.gold)
    if not options.no_run:
        paths = Paths(options.root, cache=str(options.cache or default_folder()))
        # In this process: most cells take less than a process takes to start.
        run_grid(every, folder, paths, measure_one=measure_or_fail)
    records = records_of(every, folder)
    print(markdown(records))
    return int(len(records) < len(every) or any("error" in record for record in records))


def _parser() -> argparse.ArgumentParser:
    shared = ("root", "results", "cache", "data", "seeds", "only", "quick", "no-run")
    parser = command_parser("judges", __doc__, *shared)
    parser.add_argument(
        "--gold", nargs="+", choices=GOLD_KINDS, default=[], help="these gold classifiers alone"
    )
    return parser


if __name__ == "__main__":
    logging.getLogger("carla_genre").setLevel(logging.WARNING)  # a line a cell is enough
    sys.exit(main())
