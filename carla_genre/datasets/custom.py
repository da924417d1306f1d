"""A user's own data as a CARLA catalog."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.model_selection import train_test_split

from carla_genre.datasets.adult import Frames
from carla_genre.datasets.infer import check_encoded_names, infer_roles, note_far_values
from carla_genre.datasets.names import as_names, check_known, whole_number
from carla_genre.datasets.roles import Roles
from carla_genre.datasets.table import Note, plain_columns, read_table
from carla_genre.datasets.target import binary_labels, choose_target
from carla_genre.errors import InputError

MIN_ROWS = 20


def load_custom(
    source: Any,
    test: Any,
    *,
    target: str | None,
    positive: Any,
    categorical: str | Iterable[str] | None,
    continuous: str | Iterable[str] | None,
    immutables: str | Iterable[str] | None,
    ignore: str | Iterable[str],
    test_size: float,
    seed: int,
    note: Note,
) -> tuple[str, Frames, Roles, pd.DataFrame]:
    """Read, check and split a user's table; `load_dataset` documents the parameters.

    Returns
    -------
    tuple
        A name that no other data have, the frames (index kept), the roles, and all rows as they are written.
    """
    table = read_table(source, "name")
    rows = len(table)
    if rows < MIN_ROWS:
        raise InputError(f"{rows} rows are too few to learn from: at least {MIN_ROWS} are needed")
    if test is not None:
        table = _joined(table, read_table(test, "test"))
    ignored = as_names(ignore, "ignore")
    check_known(ignored, "ignore", table.columns)
    own = table.drop(columns=ignored)
    table = plain_columns(own, note)
    target = choose_target(table, target, note)
    table[target] = binary_labels(table[target], positive, note)
    table, roles = infer_roles(table, target, categorical, continuous, immutables, note)
    check_encoded_names(table, roles)
    for name in roles.continuous:
        note_far_values(table[name], note)
    if test is None:
        frames = _split(table, target, test_size, seed, note)
    else:
        frames = Frames(table, table.iloc[:rows], table.iloc[rows:])
        if frames.train[target].nunique() < 2:
            raise InputError(f"target {target!r} is {frames.train[target].iloc[0]} in every train row")
    return _name(source, frames, roles), frames, roles, own


def _joined(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    absent = [column for column in train.columns if column not in test.columns]
    extra = [column for column in test.columns if column not in train.columns]
    if absent or extra:
        raise InputError(
            f"the test rows have other columns than the train rows: {absent} are absent, {extra} are unknown"
        )
    return pd.concat([train, test[train.columns]])


def _split(table: pd.DataFrame, target: str, test_size: Any, seed: Any, note: Note) -> Frames:
    """Draw the test rows, with the share of either label kept."""
    if isinstance(test_size, bool) or not isinstance(test_size, int | float) or not 0 < test_size < 1:
        raise InputError(f"test_size={test_size!r}: expected a share between 0 and 1")
    seed = whole_number(seed, "seed")
    rarest = int(table[target].value_counts().min())
    if rarest < 2:
        raise InputError(
            f"target {target!r} has one row only of its rarer value: it must be in train and in test"
        )
    if not 2 <= test_size * len(table) <= len(table) - 2:
        raise InputError(
            f"test_size={test_size!r} of {len(table)} rows leaves fewer than two rows on one side"
        )
    train, test = train_test_split(table, test_size=test_size, random_state=seed, stratify=table[target])
    note(f"split: {len(train):,} train rows and {len(test):,} test rows, drawn with seed {seed}")
    return Frames(table, train, test)


def _name(source: Any, frames: Frames, roles: Roles) -> str:
    """Return a name that changes with the data, the split and the roles: CARLA caches classifiers by name."""
    digest = hashlib.sha256(repr((roles, list(frames.df.columns))).encode())
    for part in (frames.train, frames.test):
        digest.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
    stem = Path(source).name.split(".")[0] if isinstance(source, str | os.PathLike) else "frame"
    stem = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_") or "data"
    return f"{stem}-{digest.hexdigest()[:8]}"
