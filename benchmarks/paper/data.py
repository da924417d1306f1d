"""A data set as the paper has it: its roles, train-only scaling, and labels that can be drawn again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import carla_genre  # noqa: F401  (before carla)
from carla_genre.datasets.adult import load_adult
from carla_genre.errors import InputError

from carla.data.catalog import DataCatalog


class Roles(NamedTuple):
    """What the paper takes each column for; what is not named is continuous."""

    target: str
    categorical: tuple[str, ...]
    immutables: tuple[str, ...]
    balanced: bool  # h is trained with balanced sample weights


ROLES = {
    "adult": Roles(
        "income",
        ("workclass", "marital-status", "occupation", "relationship", "race", "sex", "native-country"),
        ("race", "sex"),
        True,
    ),
    "compas": Roles("score", ("two_year_recid", "c_charge_degree", "race", "sex"), ("race", "sex"), True),
    "heloc": Roles("RiskPerformance", (), (), False),
}


class ProtocolData(DataCatalog):
    """Train and test rows, scaled on train alone, binary categories as one column each.

    ``df`` has the train rows only: what a method may look at holds no test row.

    Parameters
    ----------
    name : str
        The data set's name.
    roles : Roles
        Of its columns.
    train, test : DataFrame
        In original units, target included.
    """

    def __init__(self, name: str, roles: Roles, train: pd.DataFrame, test: pd.DataFrame) -> None:
        self._roles = roles
        self._continuous = [c for c in train.columns if c not in (*roles.categorical, roles.target)]
        self._order = [str(c) for c in train.columns if c != roles.target]
        train = train.reset_index(drop=True)
        test = test.set_axis(pd.RangeIndex(len(train), len(train) + len(test)))
        # Given the train rows as "all rows", CARLA's catalog fits its scaler on them.
        super().__init__(name, train, train, test)

    @property
    def categorical(self) -> list[str]:
        return list(self._roles.categorical)

    @property
    def continuous(self) -> list[str]:
        return list(self._continuous)

    @property
    def immutables(self) -> list[str]:
        return list(self._roles.immutables)

    @property
    def target(self) -> str:
        return self._roles.target

    @property
    def columns(self) -> list[str]:
        """The encoded columns, in the order of the file: one a feature."""
        encoded = [str(column) for column in self.df_train.columns if column != self.target]
        owner = {column: column for column in self._continuous}
        for feature in self.categorical:
            owner.update({column: feature for column in encoded if column.startswith(f"{feature}_")})
        columns = sorted(encoded, key=lambda column: self._order.index(owner[column]))
        if [owner[column] for column in columns] != self._order:
            raise InputError(f"the paper's data have one column a feature; {self.name} gives {columns}")
        return columns

    def relabel(self, train: np.ndarray, test: np.ndarray) -> None:
        """Replace the labels of the train and of the test rows."""
        self._df_train[self.target] = np.asarray(train).astype(int)
        self._df_test[self.target] = np.asarray(test).astype(int)
        self._df = self._df_train.copy()


def load_protocol_data(name: str, root: str | os.PathLike[str] | None = None) -> ProtocolData:
    """Load a data set with the paper's roles and the original labels.

    Parameters
    ----------
    name : {"adult", "compas", "heloc"}
        Adult is embedded; the others are read from ``<name>_train.csv`` and ``<name>_test.csv``.
    root : path, optional
        Where they lie; else the folder named by ``CF_DATA``, else ``~/cf-data``.
    """
    if name not in ROLES:
        raise InputError(f"no data set {name!r} in the paper; there are {sorted(ROLES)}")
    if name == "adult":
        frames = load_adult()
        return ProtocolData(name, ROLES[name], frames.train, frames.test)
    folder = Path(root or os.environ.get("CF_DATA") or Path.home() / "cf-data").expanduser()
    parts = []
    for part in ("train", "test"):
        path = folder / f"{name}_{part}.csv"
        if not path.is_file():
            raise InputError(f"{path} is not there: put CARLA's file there, or name its folder (CF_DATA)")
        parts.append(pd.read_csv(path))
    return ProtocolData(name, ROLES[name], *parts)
