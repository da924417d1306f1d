"""What the commands of the benchmarks share: how they read their options, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from carla_genre.errors import CarlaGenreError


def command_parser(name: str, about: str | None) -> argparse.ArgumentParser:
    """A parser for ``python -m benchmarks.NAME``; ``about``, the module's docstring, keeps its lines."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


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
