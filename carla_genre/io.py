"""Files that are written whole, never seen in part; and values as JSON has them."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from carla_genre.errors import InputError

UNFINISHED = ".part"


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the path of a new file beside ``path``; it takes the place of ``path`` when the block ends well.

    Each writer has a name of its own, so several processes may write the same file. The folder is made. Where the
    block fails, ``path`` stays as it was, and nothing is left beside it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}{UNFINISHED}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file.

    Raises
    ------
    InputError
        It cannot be written.
    """
    try:
        with whole_file(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}") from error


def in_json(value: Any) -> Any:
    """The value in JSON's types: numpy's become Python's, NaN and infinity None, what JSON lacks its text."""
    if isinstance(value, Mapping):
        return {str(key): in_json(item) for key, item in value.items()}
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [in_json(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
