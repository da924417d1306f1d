"""Interpreters that run a function of this package, with the modules that this process would import."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

# A child sees this process's path, not the folder that it starts in: `python -m` would put that before all else, and
# Python 3.10 has no option against it.
_PROGRAM = """import sys
n = int(sys.argv[1])
sys.path[:] = sys.argv[2:n]
from {0} import {1}
sys.exit({1}(*sys.argv[n:]))"""
#: For interpreters that others start: Python 3.11 and later look into the current folder no more.
SAFE = {"PYTHONSAFEPATH": "1"}


def python_command(function: str, *arguments: str) -> list[str]:
    """The command that calls a function of this package, ``"module:name"``, with some texts.

    Modules of the current folder are found last, so that none hides another: a user's own are, a `calendar.py` is not.
    """
    module, _, name = function.partition(":")
    here, package = os.getcwd(), str(Path(__file__).parents[1])
    path = [entry or here for entry in sys.path]
    # A checkout that this package itself is imported from stays where it is.
    path.sort(key=lambda entry: entry == here != package)
    return [sys.executable, "-c", _PROGRAM.format(module, name), str(2 + len(path)), *path, *arguments]


@contextlib.contextmanager
def safe_environment() -> Iterator[None]:
    """Inside, processes that another package starts have :data:`SAFE` in their environment."""
    ((name, value),) = SAFE.items()
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before
