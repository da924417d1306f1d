"""Files that are written whole, never seen in part, and sealed with a digest; and values as JSON has them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from carla_genre.errors import CheckpointError, InputError

UNFINISHED = ".part"
# Stands once in a file, and is replaced by the digest of the whole with this in it.
SEAL = "carla-genre sha256 " + 64 * "0"


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the path of a new file beside ``path``; it takes the place of ``path`` when the block ends well.

    Each writer has a name of its own, so several processes may write the same file. The folder is made. Where the
    block fails, ``path`` stays as it was, and nothing is left beside it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{os.getpid()}-{uuid.uuid4().hex}{UNFINISHED}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a whole file.

    Raises
    ------
    InputError
        It cannot be written.
    """
    try:
        with whole_file(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}") from error


def write_text(path: Path, text: str) -> None:
    """Write a whole text file; errors are those of :func:`write_bytes`."""
    write_bytes(path, text.encode())


def write_sealed(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a whole file whose content has :data:`SEAL` in it, for :func:`read_sealed`."""
    digest = hashlib.sha256(content).hexdigest()
    write_bytes(path, content.replace(SEAL.encode(), SEAL[:-64].encode() + digest.encode(), 1))


def read_sealed(path: Path) -> bytes:
    """Read what :func:`write_sealed` was given.

    Raises
    ------
    CheckpointError
        The file cannot be read, has no seal, or has changed since it was written, in whatever bit.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    found = re.search(SEAL[:-64].encode() + b"([0-9a-f]{64})", content)
    if found is None:
        raise CheckpointError(f"{path} is no checkpoint of this package, or is damaged: it has no digest")
    content = content[: found.start(1)] + SEAL[-64:].encode() + content[found.end(1) :]
    if hashlib.sha256(content).hexdigest().encode() != found[1]:
        raise CheckpointError(f"{path} is damaged: its content is not what was written")
    return content


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
