"""The Adult data set inside the package, as CARLA has it."""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

import numpy as np
import pandas as pd


class Frames(NamedTuple):
    """A data set in its original units: all rows, and the train and test rows."""

    df: pd.DataFrame
    train: pd.DataFrame
    test: pd.DataFrame


def load_adult() -> Frames:
    """Return Adult: 48,832 rows, of which CARLA's 36,624 train and 12,208 test rows.

    Equal, value by value and in the order of rows and columns, to CARLA's ``adult.csv``,
    ``adult_train.csv`` and ``adult_test.csv``. Made by ``scripts/make_adult.py``; the licence (CC BY 4.0)
    and the attribution are in ``data/ATTRIBUTION.md`` beside it.
    """
    packed, split = _read("adult.npz"), _read("adult_split.npz")
    table = pd.DataFrame({str(column): _column(packed, str(column)) for column in packed["columns"]})
    train, test = (table.iloc[split[part]].reset_index(drop=True) for part in ("train", "test"))
    return Frames(table, train, test)


def _read(name: str) -> dict[str, np.ndarray]:
    file = resources.files(__package__) / "data" / name
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return dict(arrays)


def _column(packed: dict[str, np.ndarray], name: str) -> pd.Series:
    """Unpack one column to the type that ``pandas.read_csv`` gives it."""
    levels = packed.get(f"{name}|levels")
    if levels is None:
        return pd.Series(packed[name].astype(np.int64))
    return pd.Series(levels.astype(object)[packed[name]])
