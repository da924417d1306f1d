"""What the commands of the benchmarks share: how they read their options, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from carla_genre.errors import CarlaGenreError

# Options that several commands take, by their names.
_SHARED: Mapping[str, Mapping[str, Any]] = {
    "root": {"metavar": "DIR", "help": "folder of CARLA's CSVs (CF_DATA, else ~/cf-data)"},
    "results": {
        "metavar": "DIR",
        "type": Path,
        "help": "folder of the records (in results; another for --quick)",
    },
    "cache": {"metavar": "DIR", "help": "of trained classifiers (~/.cache/carla-genre)"},
    "data": {"metavar": "NAME", "nargs": "+", "default": [], "help": "these data sets instead"},
    "seeds": {
        "metavar": "N",
        "nargs": "+",
        "type": int,
        "default": [],
        "help": "in the place of the usual ones",
    },
    "only": {"metavar": "LABEL", "nargs": "+", "default": [], "help": "these methods alone"},
    "quick": {"action": "store_true", "help": "a smaller one: shows that all runs, no more"},
    "no-run": {"action": "store_true", "help": "measure nothing; write what there is"},
}


def command_parser(name: str, about: str | None, *shared: str) -> argparse.ArgumentParser:
    """A parser for ``python -m benchmarks.NAME``.

    Parameters
    ----------
    name : str
    about : str
        The module's docstring, which keeps its lines.
    *shared : str
        Names of options that several commands take: root, results, cache, data, seeds, only, quick, no-run.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for option in shared:
        parser.add_argument(f"--{option}", **_SHARED[option])
    return parser


def results_folder(options: argparse.Namespace, name: str) -> Path:
    """What ``--results`` says, else ``results/NAME``, with ``--quick`` ``results/NAME-quick``."""
    return options.results or Path("results") / f"{name}{'-quick' if options.quick else ''}"


def exit_status(name: str, run: Callable[[], int | None], goes_on: bool = False) -> int:
    """Run a command, and tell in one line why it has ended where it has not ended well.

    Parameters
    ----------
    name : str
        Of the command, before what is told.
    run : callable
        What it does; gives a status of its own, or None for 0.
    goes_on : bool
        Whether the same command goes on from where it was interrupted, which is then told.

    Returns
    -------
    int
        The command's own status, 2 for an error that the user can mend, 130 after Ctrl-C.
    """
    try:
        return run() or 0
    except CarlaGenreError as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{name}: interrupted{'; the same command goes on' if goes_on else ''}", file=sys.stderr)
        return 130
