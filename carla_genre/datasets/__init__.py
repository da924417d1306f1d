"""Data sets as CARLA's catalogs: in the package, CARLA's CSV files, further ones, the paper's toys, a user's table."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from carla_genre.datasets.adult import Frames, load_adult
from carla_genre.datasets.cache import load_files
from carla_genre.datasets.constraints import Constraints, build_constraints
from carla_genre.datasets.custom import load_custom
from carla_genre.datasets.further import FURTHER, further_roles, load_further
from carla_genre.datasets.names import as_names, check_known, one_of
from carla_genre.datasets.roles import KNOWN, Roles, known_roles
from carla_genre.datasets.toys import TOY_ROLES, TOYS, load_toy
from carla_genre.errors import InputError
from carla_genre.suggestions import did_you_mean

if TYPE_CHECKING:
    from carla_genre.datasets.catalog import FrameCatalog

__all__ = ["load_dataset"]

HELOC_LEAK = "heloc: its label leaks, because missing values were filled with the mean of the row's own class"

NAMES = (*KNOWN, *FURTHER, *TOYS)
TEST_SIZE = 0.25
_ENCODINGS = ("OneHot_drop_binary", "OneHot", "Identity")
_SCALINGS = ("MinMax", "Standard", "Identity")


def load_dataset(
    name: str | os.PathLike[str] | pd.DataFrame,
    root: str | os.PathLike[str] | None = None,
    roles: str = "carla",
    encoding_method: str | None = "OneHot_drop_binary",
    scaling_method: str | None = "MinMax",
    *,
    target: str | None = None,
    positive: Any = None,
    categorical: str | Iterable[str] | None = None,
    continuous: str | Iterable[str] | None = None,
    immutables: str | Iterable[str] | None = None,
    increasing: str | Iterable[str] = (),
    decreasing: str | Iterable[str] = (),
    ranges: Mapping[str, tuple[float | None, float | None]] | None = None,
    ignore: str | Iterable[str] = (),
    test: str | os.PathLike[str] | pd.DataFrame | None = None,
    test_size: float = TEST_SIZE,
    seed: int = 0,
    quiet: bool = False,
) -> FrameCatalog:
    """Load a data set as a CARLA ``DataCatalog``.

    Parameters
    ----------
    name : str, path or pandas.DataFrame
        A data set's name (below), or your own data: the path of a CSV file, or a frame.

        ========================  ==========================================================================
        ``adult``                 inside the package (CC BY 4.0), CARLA's 36,624 train and 12,208 test rows
        ``compas``                CARLA's file, 4,629 train and 1,543 test rows
        ``heloc``                 CARLA's file, 7,403 train and 2,468 test rows. **Its label leaks**: missing
                                  values were filled with the mean of the row's own class
        ``give_me_some_credit``   CARLA's file; its checksum is not known, so it is not checked
        ``german_credit``         inside the package (CC BY 4.0), 750 train and 250 test rows
        ``taiwanese_credit``,     files that ``scripts/make_datasets.py`` of the repository makes from packages;
        ``lending_club``,         their sources, licences and roles are in ``docs/data.md``
        ``hmda``,
        ``communities_and_crime``
        ``circles``, ``moons``,   the paper's toys in two dimensions, 1,000 points each, the same at every
        ``corr``                  call; scaled on the train points
        ========================  ==========================================================================
    root : path, optional
        The folder with CARLA's three files of ``compas``, ``heloc`` or ``give_me_some_credit``, or with the CSV file
        of a further data set. Without it: CARLA's cache folder (``CF_DATA``, else ``~/cf-data``), filled by a
        download where a file of CARLA's is missing.
    roles : {"carla", "paper"}
        ``"carla"``: features, immutables, scaling and order as CARLA's own catalog has them. ``"paper"``:
        immutable are sex and race (none for HELOC), COMPAS's two_year_recid is a category, the scaler is
        fitted on the train rows alone and columns keep the file's order. A further data set has its own immutables
        and directions with ``"carla"``, and with ``"paper"`` its protected features alone are immutable.
    encoding_method : {"OneHot_drop_binary", "OneHot", "Identity"}
        CARLA's encodings of categories.
    scaling_method : {"MinMax", "Standard", "Identity"}
        CARLA's scalings.
    target : str, optional
        Your own data: the label's column, of two values. Guessed where only one column can be it.
    positive : object, optional
        Your own data: the label's value that recourse aims at; it becomes 1, the other one 0.
    categorical, continuous : list of str, optional
        Your own data: what these columns are. The others are guessed.
    immutables : list of str, optional
        Features that recourse must not change. None: the data set's; for your own data there are none.
    increasing, decreasing : list of str
        Continuous features that recourse may only raise, or only lower. A further data set has its own where
        neither these nor ``ranges`` are given; ``ranges={}`` is none.
    ranges : dict, optional
        Feature -> (lowest, highest) value that an answer may have, in original units; None is an open end.
    ignore : list of str
        Your own data: columns to leave out.
    test : path or pandas.DataFrame, optional
        Your own data: the test rows; ``name`` then holds the train rows only.
    test_size : float
        Your own data: the share of test rows where they are drawn, each label keeping its share.
    seed : int
        Your own data: the seed of that draw.
    quiet : bool
        Do not print what was guessed (on stderr). It is in the catalog's ``notes`` in any case.

    Returns
    -------
    FrameCatalog
        A CARLA ``DataCatalog``, with ``constraints`` (feature -> direction and range, original units) and
        ``notes``. Its ``name`` differs for different data, roles and encodings, because CARLA caches trained
        classifiers by it.

    Raises
    ------
    InputError
        The name is unknown, a file is missing or wrong, or a table cannot be used; the message names the
        column or file and the way out.
    MissingDependencyError
        carla-recourse is not installed.

    Examples
    --------
    >>> adult = load_dataset("adult")
    >>> loans = load_dataset("loans.csv", target="approved", immutables=["age"])  # doctest: +SKIP
    """
    one_of(roles, "roles", ("carla", "paper"))
    scaling = one_of("Identity" if scaling_method is None else scaling_method, "scaling_method", _SCALINGS)
    encoding = one_of(
        "Identity" if encoding_method is None else encoding_method, "encoding_method", _ENCODINGS
    )
    own = {
        "target": target,
        "positive": positive,
        "categorical": categorical,
        "continuous": continuous,
        "ignore": ignore,
        "test": test,
    }
    drawn = {"test_size": (test_size, TEST_SIZE), "seed": (seed, 0)}
    if test is not None or (isinstance(name, str) and name in NAMES):
        _refuse_drawing(drawn, "test= has the test rows" if test is not None else f"{name} has its own")
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        if not quiet:
            print(f"carla_genre: {text}", file=sys.stderr)

    written: pd.DataFrame | None = None
    directions: Constraints = {}
    if isinstance(name, str) and name in NAMES:
        _refuse_own(name, own)
        data_name = name
        frames, parts, directions = _by_name(name, root, roles)
        if name == "heloc":
            note(HELOC_LEAK)
        if immutables is not None:
            parts = replace(parts, immutables=tuple(as_names(immutables, "immutables")))
            check_known(parts.immutables, "immutables", [*parts.continuous, *parts.categorical])
    else:
        _check_own(name, root, roles)
        data_name, frames, parts, written = load_custom(
            name, **own, immutables=immutables, test_size=test_size, seed=seed, note=note
        )
    constraints = build_constraints(parts, increasing, decreasing, ranges, table=frames.df)
    if ranges is None and not (increasing or decreasing):
        constraints = {k: v for k, v in directions.items() if k not in parts.immutables}
    catalog = _catalog(data_name, frames, parts, roles, scaling, encoding, constraints, written)
    catalog.notes = tuple(notes)
    return catalog


def _by_name(name: str, root: str | os.PathLike[str] | None, roles: str) -> tuple[Frames, Roles, Constraints]:
    """A known data set: its rows, its roles, and the directions that are its own."""
    if name in TOYS:
        return load_toy(name), TOY_ROLES, {}
    if name in FURTHER:
        frames = load_further(name, root)
        return frames, *further_roles(name, frames.df, roles)
    parts = known_roles(name, roles)
    return load_adult() if name == "adult" else load_files(name, root), parts, {}


def _catalog(
    name: str,
    frames: Frames,
    parts: Roles,
    roles: str,
    scaling: str,
    encoding: str,
    constraints: Constraints,
    own: pd.DataFrame | None,
) -> FrameCatalog:
    # Imported here, because importing CARLA takes seconds: a wrong argument is refused before.
    from carla_genre.datasets.catalog import FrameCatalog, PublishedCatalog

    variant = [
        part for part, default in ((encoding, _ENCODINGS[0]), (scaling, _SCALINGS[0])) if part != default
    ]
    if roles == "paper" and name not in TOYS:
        variant.insert(0, "paper")
    if name in KNOWN and not variant:
        return PublishedCatalog(name, frames, parts, constraints)
    return FrameCatalog(
        "-".join([name, *variant]),
        frames,
        parts,
        scaling,
        encoding,
        scale_on="train" if name in TOYS or roles == "paper" else "all",
        file_order=roles == "paper",
        constraints=constraints,
        own=own,
    )


def _refuse_own(name: str, own: Mapping[str, Any]) -> None:
    for argument, value in own.items():
        if value is not None and not (isinstance(value, tuple) and not value):
            raise InputError(f"{argument}= is for your own data; the columns of {name} are known")


def _refuse_drawing(drawn: Mapping[str, tuple[Any, Any]], reason: str) -> None:
    for argument, (value, default) in drawn.items():
        if value != default:
            raise InputError(f"{argument}={value!r} is for test rows that are drawn: {reason}")


def _check_own(name: Any, root: Any, roles: str) -> None:
    """Tell a mistyped name from a path, and refuse what only known data sets have."""
    if isinstance(name, str) and not Path(name).suffix and not Path(name).exists():
        raise InputError(
            f"there is no data set {name!r}.{did_you_mean(name, NAMES)} Known are {', '.join(NAMES)}; your own "
            "data are given as the path of a CSV file or as a frame"
        )
    if root is not None:
        raise InputError(
            "root= is where the files of known data lie; your own data are given by their whole path"
        )
    if roles != "carla":
        raise InputError(
            "roles='paper' is for the paper's data sets; your own take categorical=, continuous= and immutables="
        )
