"""What the protocol trains, kept by content: the gold classifier's answers and h, in memory and in a folder.

A key is a digest of everything that the result depends on: rows, seed, versions of packages, and code. So nothing has
to be declared out of date, and the folder may be removed at any time.

A file is a pickle, which runs what is in it when it is read. Only files of this user are read, and the default folder
is the user's own, not the folder of the results, which is passed on.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
from collections import OrderedDict
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np
import pandas as pd

from carla_genre.io import at_home, whole_file

Kept = TypeVar("Kept")
log = logging.getLogger(__name__)

# Kind of result -> modules whose bytes stand for the code's version.
_CODE = {
    "gold": ("carla_genre.evaluation.gold", "carla_genre.evaluation.lof", "carla_genre.evaluation.measure"),
    "other-gold": (
        "carla_genre.evaluation.judges.gold_kinds",
        "carla_genre.evaluation.gold",
        "carla_genre.evaluation.lof",
        "carla_genre.evaluation.measure",
    ),
    "h": ("carla_genre.protocol.classifier", "carla_genre.protocol.classifiers"),
}
_PACKAGES = ("numpy", "scikit-learn", "joblib", "torch")

_MOST_IN_MEMORY = 8
_memory: OrderedDict[str, Any] = OrderedDict()


def default_folder() -> Path:
    """The user's own cache folder: ``$XDG_CACHE_HOME/carla-genre``, else in ``~/.cache``."""
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "carla-genre"


def content_key(kind: str, *parts: Any) -> str:
    """A digest of what a result depends on: rows, whose index does not count, settings, and the code of that kind."""
    plain = [
        (list(part.columns), np.ascontiguousarray(part, dtype=np.float64))
        if isinstance(part, pd.DataFrame)
        else part
        for part in parts
    ]
    return f"{kind}-{joblib.hash([_version(kind), plain])}"


def _version(kind: str) -> list[Any]:
    code = [Path(str(import_module(module).__file__)).read_bytes() for module in _CODE[kind]]
    return [code, platform.python_version_tuple()[:2], *map(metadata.version, _PACKAGES)]


def remembered(key: str, make: Callable[[], Kept]) -> Kept:
    """What was made under that key in this process, else made now."""
    if key not in _memory:
        _memory[key] = make()
        while len(_memory) > _MOST_IN_MEMORY:
            _memory.popitem(last=False)
    _memory.move_to_end(key)
    made: Kept = _memory[key]
    return made


def forget() -> None:
    """Forget what this process remembers; the folder stays."""
    _memory.clear()


def kept(folder: str | os.PathLike[str] | None, key: str, make: Callable[[], Kept]) -> Kept:
    """An object from ``folder`` if it is there, else made and written there; with None only made."""
    if folder is None:
        return make()
    path = at_home(folder) / f"{key}.joblib"
    try:
        if path.exists():
            if not hasattr(os, "getuid") or path.stat().st_uid == os.getuid():
                read: Kept = joblib.load(path)
                return read
            log.warning("%s belongs to another user, and is not read", path)
    except Exception as error:  # whatever reading a broken file raises
        log.warning("%s cannot be read (%s), and is made again", path, type(error).__name__)
    made = make()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_file(path) as part:
            joblib.dump(made, part)
    except OSError as error:
        log.warning("%s cannot be written (%s): it will be made again the next time", path, error)
    return made
