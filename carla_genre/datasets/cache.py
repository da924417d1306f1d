"""CARLA's CSV files: found in a folder, or downloaded into CARLA's cache folder, and checked."""

from __future__ import annotations

import hashlib
import os
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pandas as pd

from carla_genre.datasets.adult import Frames
from carla_genre.errors import InputError
from carla_genre.io import at_home, whole_file

SOURCE = "https://raw.githubusercontent.com/carla-recourse/cf-data/master"
HOMEPAGE = "https://github.com/carla-recourse/cf-data"
TIMEOUT_SECONDS = 30

# Of give_me_some_credit no copy could be measured: its files are taken as they are.
SHA256 = {
    "compas.csv": "e99430e4bdeebc858ba22726be3c3924c8435e6c890e2ae7f52d0411a3cc0516",
    "compas_train.csv": "d9cab073348a902bc09e4e0792f2b73aab1c6e419db1da655bbad978f33b80cf",
    "compas_test.csv": "6849f34e0edad380bfa3b62c5a947bd0a9122cc639496e3048f04c6c674127eb",
    "heloc.csv": "6a668dddbd2b59aed119c0169c562d54ad6a462580ca783628e88cbc59315d41",
    "heloc_train.csv": "92187da9daab7d1b074192d45d29fd3c1aca1f3cac8f37800780310ea7cf2b36",
    "heloc_test.csv": "56a00b4f7b96bf1020a8d05d3b61ea3a4bc6fe637376c0b929dceb3f319a0e58",
}


def cache_folder() -> Path:
    """Return CARLA's own cache folder: ``CF_DATA``, else ``~/cf-data``."""
    return at_home(os.environ.get("CF_DATA") or "~/cf-data")


def load_files(name: str, root: str | os.PathLike[str] | None = None) -> Frames:
    """Read the three CSV files of a data set.

    Parameters
    ----------
    name : str
        CARLA's name of the data set.
    root : path, optional
        A folder that holds ``{name}.csv``, ``{name}_train.csv`` and ``{name}_test.csv``. Without it, CARLA's
        cache folder is taken, and what is not there is downloaded into it.

    Raises
    ------
    InputError
        A file is missing and cannot be had, or is not the known file of that name.
    """
    files = [f"{name}.csv", f"{name}_train.csv", f"{name}_test.csv"]
    folder = cache_folder() if root is None else at_home(root)
    missing = [file for file in files if not (folder / file).is_file()]
    if missing and root is not None:
        raise InputError(f"root={str(folder)!r} does not hold {', '.join(missing)}")
    for file in missing:
        _download(file, folder, files)
    return Frames(*(_read(folder / file) for file in files))


def _read(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    _check(path.name, content, f"{path}: remove it to have it downloaded again, or put the right file there")
    # CARLA drops incomplete rows too, and an empty last line with them.
    return pd.read_csv(path).dropna().reset_index(drop=True)


def _check(file: str, content: bytes, way_out: str) -> None:
    expected = SHA256.get(file)
    found = hashlib.sha256(content).hexdigest()
    if expected is not None and found != expected:
        raise InputError(
            f"{file} is not CARLA's file: its SHA-256 is {found}, expected {expected}. {way_out}"
        )


def _download(file: str, folder: Path, files: list[str]) -> None:
    """Download one file; it appears under its name only when it is whole and checked."""
    try:
        with urlopen(f"{SOURCE}/{file}", timeout=TIMEOUT_SECONDS) as response:
            content = response.read()
        _check(file, content, f"It came from {SOURCE}; nothing was kept")
        with whole_file(folder / file) as part:
            part.write_bytes(content)
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        raise InputError(
            f"{file} is not in {folder} and could not be downloaded ({error or type(error).__name__}). Get "
            f"{', '.join(files)} from {HOMEPAGE} and put them there, or in a folder that root= or CF_DATA names"
        ) from error
