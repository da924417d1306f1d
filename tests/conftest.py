"""What all tests share: where CARLA's files are, and a home of their own.

Nothing that a test does may reach the user's home (CARLA keeps data and trained classifiers there), so this file points
HOME and CF_MODELS at a folder that is removed at the end. It is read before any other conftest and before carla.
"""

from __future__ import annotations

import atexit
import io
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The user's own folders, as they were before the lines below: kept in the environment, because pytest-xdist's workers
# are started after these lines have run once.
for _name in ("CF_DATA", "CF_MODELS"):
    os.environ.setdefault(f"CARLA_GENRE_TESTS_{_name}", os.environ.get(_name, ""))

_HOME = tempfile.mkdtemp(prefix="carla-genre-tests-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ.update(
    HOME=_HOME,
    USERPROFILE=_HOME,
    CF_MODELS=os.path.join(_HOME, "carla", "models"),
    MPLBACKEND="Agg",
    TF_CPP_MIN_LOG_LEVEL="3",
)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests are spread over the cores as processes

# What a shell starts in the background ignores Ctrl-C, and so would what the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# CARLA logs to the stdout of the moment it is imported in; under pytest that one is closed when the test ends.
logging.raiseExceptions = False


def _shared_folder(variable: str, beside: str, example: str) -> Path:
    named = os.environ[f"CARLA_GENRE_TESTS_{variable}"]
    folder = Path(named) if named else ROOT.parent / "shared" / beside
    if not (folder / example).exists():
        pytest.skip(f"no {example} in {folder}: name the folder that has it in {variable}")
    return folder


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def log_as_at_first() -> None:
    """A command sends the package's log to stderr alone; what is tested after it is heard as if there had been none."""
    logger = logging.getLogger("carla_genre")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """What makes stderr a terminal of 80 columns and 20 lines; called in a test, pytest's own being set by then."""

    def start() -> Terminal:
        for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "20"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stderr", Terminal())
        return sys.stderr  # type: ignore[return-value]

    return start


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder of CARLA's CSV files (adult.csv, compas_train.csv, ...): CF_DATA, else ../shared/data."""
    return _shared_folder("CF_DATA", "data", "compas.csv")


@pytest.fixture(scope="session")
def models_root() -> Path:
    """Folder of the classifiers that CARLA publishes (read-only): the user's CF_MODELS, else ../shared/models."""
    return _shared_folder("CF_MODELS", "models", "adult/ann.pt")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root folder."""
    return ROOT


@pytest.fixture
def fewer_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """GenRe's default preset is ready in a moment, on a fifth of Adult and a classifier that is always the same.

    For what readers see.
    """
    import torch
    from adult_cases import fewer_rows
    from method_cases import quick_selector
    from protocol_cases import few_trees

    from carla_genre.generator import config
    from carla_genre.selection import selector

    torch.manual_seed(0)

    short = replace(config.DEFAULT, training=replace(config.DEFAULT.training, steps=20, evaluations=2))
    monkeypatch.setitem(config.PRESETS, "default", short)
    monkeypatch.setattr(selector, "MOST_ROWS", 2000)
    with few_trees(), fewer_rows(), quick_selector():
        yield
