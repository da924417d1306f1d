"""Files that are written whole, never seen in part, and sealed with a digest; and values as JSON has them.

What is unfinished or temporary has a lock, which ends with its process, and this machine in its name. What a killed
process has left is so known from what is in use, and removed when the next one works in the same folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import stat
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from carla_genre.errors import CheckpointError, InputError

if sys.platform != "win32":
    import fcntl

UNFINISHED = ".part"
_OURS = f"carla-genre-{hashlib.sha256(platform.node().encode()).hexdigest()[:8]}-"
# Stands once in a file, and is replaced by the digest of the whole with this in it.
SEAL = "carla-genre sha256 " + 64 * "0"
_SEALED = re.compile(SEAL[:-64].encode() + b"([0-9a-f]{64})")
_searched: set[Path] = set()


def at_home(path: str | os.PathLike[str]) -> Path:
    """A path, there or not, with ``~`` and ``~user`` as folders; InputError where it is none, or nobody's."""
    try:
        found = Path(path).expanduser()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            found.stat()  # which says of a name that it is too long, or has a null character
    except TypeError as error:
        raise InputError(
            f"the name of a file or folder is wanted, a text or a Path, got {type(path).__name__}"
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error  # which does not tell a long name again
        raise InputError(f"{str(path)[:80]!r} cannot be a path here: {reason}") from error
    return found


@contextlib.contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file or folder, and tell whether it is held; Windows and some network disks have none."""
    handle, held = None, False
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            held = True
    try:
        yield held
    finally:
        if handle is not None:
            os.close(handle)


@contextlib.contextmanager
def claimed(folder: Path, name: str) -> Iterator[bool]:
    """Claim a name in a folder while the block lasts, and tell whether it is ours: another process may have it.

    A claim ends with its process. It is seen on this machine alone; where there are no locks it is always ours.
    """
    if sys.platform == "win32":
        yield True
        return
    path = folder / f".{_OURS}{name}{UNFINISHED}"
    with writing(path):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        is_ours = _is_first(handle, path)
        try:
            yield is_ours
        finally:
            if is_ours:
                path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _is_first(handle: int, path: Path) -> bool:
    """Whether the open file at that path was locked by nobody, and is by this process now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except (BlockingIOError, FileNotFoundError):  # in use, or just ended
        return False
    except OSError:  # no locks
        return True


def remove_leftovers(folder: Path) -> None:
    """Remove what processes of this machine were writing into a folder when they were killed."""
    _searched.add(folder)
    for path in (*folder.glob(f".{_OURS}*{UNFINISHED}"), *folder.glob(f"{_OURS}*")):
        with locked(path, wait=False) as left_over:
            if left_over:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _temporary(path: Path, make: Callable[[Path], object]) -> Iterator[Path]:
    """A new file or folder, held while the block lasts and gone afterwards."""
    if path.parent not in _searched:
        remove_leftovers(path.parent)
    with contextlib.ExitStack() as lock:
        while not path.exists():  # another process may take it for left over before it is locked
            lock.close()
            make(path)
            lock.enter_context(locked(path))
        try:
            yield path
        finally:
            _remove(path)


def scratch_path(name: str) -> Path:
    """Where the temporary folder of that name is on this machine."""
    return Path(tempfile.gettempdir(), _OURS + name)


def scratch_folder(name: str | None = None) -> contextlib.AbstractContextManager[Path]:
    """A new temporary folder of this user's own."""
    return _temporary(scratch_path(name or uuid.uuid4().hex), lambda path: path.mkdir(mode=0o700))


def _part(path: Path) -> contextlib.AbstractContextManager[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{_OURS}{uuid.uuid4().hex}{UNFINISHED}"
    return _temporary(part, lambda part: part.touch(exist_ok=False))


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the path of a new file beside ``path``; it takes the place of ``path`` when the block ends well.

    Each writer has a name of its own, so several processes may write the same file. The folder is made. Where the
    block fails, ``path`` stays as it was, and nothing is left beside it. A folder or a device is refused.
    """
    path = at_home(path)
    _refuse_no_file(path)
    with _part(path) as part:
        yield part
        os.replace(part, path)


@contextlib.contextmanager
def whole_files(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the path of a new folder, whose files take their places in ``folder`` when the block ends well.

    All of them are written before the first one takes its place. Where the block fails, ``folder`` stays as it was.
    """
    folder = at_home(folder)
    check_writable(folder / UNFINISHED)
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    aside = folder / f".{_OURS}{uuid.uuid4().hex}{UNFINISHED}"
    try:
        with _temporary(aside, lambda path: path.mkdir(parents=True)):
            yield aside
            written = sorted(aside.iterdir())
            for path in written:
                _refuse_no_file(folder / path.name)
            with writing(folder):
                for path in written:
                    os.replace(path, folder / path.name)
    finally:
        for one in made:
            with contextlib.suppress(OSError):  # what is not empty stays
                one.rmdir()


def _refuse_no_file(path: Path) -> None:
    """Raise InputError where a folder or a device is in the place of a file: a root user would replace /dev/null."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError(f"{path} cannot be written: it is there, and no file")


@contextlib.contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[None]:
    """Raise InputError, which names the path, for what the system says in the block."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}") from error


def check_writable(path: str | os.PathLike[str]) -> None:
    """See, before long work, that a file can be written, else raise InputError; nothing is left of that."""
    path, made = at_home(path), list[Path]()
    try:
        with writing(path):
            made = [folder for folder in path.parents if not folder.exists()]
            with _part(path):
                _refuse_no_file(path)
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a whole file; InputError where it cannot be written."""
    with writing(path), whole_file(path) as part:
        part.write_bytes(content)


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
        content = at_home(path).read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    found = _SEALED.search(content)
    if found is None:
        raise CheckpointError(f"{path} is no checkpoint of this package, or is damaged: it has no digest")
    content = content[: found.start(1)] + SEAL[-64:].encode() + content[found.end(1) :]
    if hashlib.sha256(content).hexdigest().encode() != found[1]:
        raise CheckpointError(f"{path} is damaged: its content is not what was written")
    return content


def seal_of(path: Path) -> str | None:
    """The digest that stands in what :func:`write_sealed` wrote, unchecked; None where there is none."""
    try:
        found = _SEALED.search(path.read_bytes())
    except OSError:
        return None
    return found and found[1].decode()


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
