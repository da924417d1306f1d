"""What the protocol trains, kept by content: the gold classifier's answers and h, in memory and in a folder.

A key is a digest of everything that the result depends on: the rows, the seed, the versions of the packages that
train, and the code that does. So nothing has to be declared out of date, and the folder may be removed at any time.

The gold classifier, and an h of trees, is a pickle, which runs what is in it when it is read. It is therefore only
read from a file of this user's own, and the folder is the user's own by default, not the one of the results, which
is passed on. An h that is a network is a safetensors file, which cannot run anything.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import sys
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np
import pandas as pd
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from carla_genre.io import whole_file

Kept = TypeVar("Kept")
log = logging.getLogger(__name__)

# Whose bytes stand for the code's version.
_CODE = {
    "gold": ("carla_genre.evaluation.gold", "carla_genre.evaluation.lof", "carla_genre.evaluation.measure"),
    "h": ("carla_genre.protocol.classifier",),
    "h-trees": ("carla_genre.protocol.trees",),
}
_PACKAGES = {
    "gold": ("numpy", "scikit-learn", "joblib"),
    "h": ("numpy", "scikit-learn", "torch"),
    "h-trees": ("numpy", "scikit-learn", "joblib"),
}

_MOST_IN_MEMORY = 8
_memory: OrderedDict[str, Any] = OrderedDict()


def default_folder() -> Path:
    """The user's own folder for what can be made again: ``$XDG_CACHE_HOME/carla-genre``, else in ``~/.cache``."""
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "carla-genre"


def content_key(kind: str, *parts: Any) -> str:
    """A digest of what a result depends on.

    Parameters
    ----------
    kind : {"gold", "h", "h-trees"}
        Chooses the code and the packages that count.
    parts : DataFrame of numbers, or what JSON has
        Rows and settings.
    """
    digest = hashlib.sha256(json.dumps([kind, _version(kind)]).encode())
    for part in parts:
        if isinstance(part, pd.DataFrame):
            digest.update(json.dumps([list(map(str, part.columns)), len(part)]).encode())
            digest.update(np.ascontiguousarray(part.to_numpy(dtype=np.float64)).tobytes())
        else:
            digest.update(json.dumps(part).encode())
    return f"{kind}-{digest.hexdigest()[:24]}"


@lru_cache
def _version(kind: str) -> list[str]:
    code = hashlib.sha256()
    for module in _CODE[kind]:
        code.update(Path(str(import_module(module).__file__)).read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    return [code.hexdigest(), python, *(metadata.version(package) for package in _PACKAGES[kind])]


def remembered(key: str, make: Callable[[], Kept]) -> Kept:
    """What was made under that key in this process, else made now."""
    if key not in _memory:
        _memory[key] = make()
        while len(_memory) > _MOST_IN_MEMORY:
            _memory.popitem(last=False)
    _memory.move_to_end(key)
    return _memory[key]


def forget() -> None:
    """Forget what this process remembers; the folder stays."""
    _memory.clear()


def kept_object(folder: Path | None, key: str, make: Callable[[], Kept]) -> Kept:
    """An object from ``folder`` if it is there, else made and written there; with None only made."""
    if folder is None:
        return make()
    path = folder / f"{key}.joblib"
    if path.exists() and _own(path):
        try:
            return joblib.load(path)
        except Exception as error:  # whatever reading a broken file raises
            log.warning("%s cannot be read (%s), and is made again", path, type(error).__name__)
    made = make()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(path) as part:
        joblib.dump(made, part)
    return made


def kept_weights(
    folder: Path | None, key: str, network: torch.nn.Module, train: Callable[[], dict[str, float]]
) -> dict[str, float]:
    """Fill ``network`` with the weights of ``folder`` if they are there, else train it and write them.

    Parameters
    ----------
    folder : Path, optional
        None: only train.
    key : str
    network : torch.nn.Module
        Changed in place.
    train : callable
        Trains ``network``; gives numbers to keep with the weights, as the seconds that it took.

    Returns
    -------
    dict
        Those numbers, of the training that made the weights.
    """
    if folder is None:
        return train()
    path = folder / f"{key}.safetensors"
    if path.exists():
        try:
            with safe_open(path, framework="pt") as file:
                weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                numbers = json.loads(file.metadata()["numbers"])
            network.load_state_dict(weights)
            return numbers
        except Exception as error:  # whatever reading a broken file raises
            log.warning("%s cannot be read (%s), and is made again", path, type(error).__name__)
    numbers = train()
    content = {"numbers": json.dumps(numbers)}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(path) as part:
        save_file(network.state_dict(), part, metadata=content)
    return numbers


def _own(path: Path) -> bool:
    """Whether the file is this user's; another one's pickle is not opened."""
    if not hasattr(os, "getuid") or path.stat().st_uid == os.getuid():
        return True
    log.warning("%s belongs to another user, and is not read", path)
    return False
