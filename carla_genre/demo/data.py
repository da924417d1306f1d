"""The demo's data, and what may change in them."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Any

import pandas as pd

from carla_genre.constraints import AtMost, Constraint, Freeze, OneWay, Range
from carla_genre.datasets import NAMES, load_dataset
from carla_genre.datasets.adult import load_adult
from carla_genre.datasets.infer import personal_names
from carla_genre.datasets.table import read_table

# For --quick: enough to see every step, too little for good answers.
QUICK_ROWS = 3000
# What CARLA's methods can be told as well. Marriage and origin are nobody's to advise; education only grows.
RULES: dict[str, dict[str, Any]] = {
    "adult": {
        "immutables": ["age", "sex", "race", "native-country", "marital-status", "relationship"],
        "increasing": ["education-num"],
        "ranges": {"hours-per-week": (None, 60)},
    },
    "compas": {"immutables": ["age", "sex", "race"]},
    "heloc": {},
}
# What is said when asking, so that an answer can be sent: no windfall, half as much schooling or work again at most.
FURTHER: dict[str, tuple[Constraint, ...]] = {
    "adult": (
        Freeze("capital-gain", "capital-loss"),
        Range("education-num", 0, 0.5, relative=True),
        Range("hours-per-week", -0.25, 0.5, relative=True),
    ),
}
FEW_CHANGES = (AtMost(3),)


@dataclass(frozen=True)
class DemoData:
    """A data set as CARLA has it, and as a table in original units.

    Attributes
    ----------
    catalog : FrameCatalog
        CARLA's.
    table : DataFrame (n, features + 1)
        The train rows in original units, with the target of 0 and 1.
    constraints : list of Constraint
        What the catalog says of the features, for :class:`carla_genre.Recourse`.
    further : tuple of Constraint
        What the answers that are shown keep as well.
    """

    catalog: Any
    table: pd.DataFrame
    constraints: list[Constraint]
    further: tuple[Constraint, ...]


def load(options: Namespace) -> DemoData:
    """The data that ``options.data`` and ``options.target`` name; some of their rows with ``options.quick``."""
    known = options.target is None and options.data in RULES
    data = _known(options.data) if known else _own(options)
    if options.quick:
        # CARLA's catalog returns copies of its frames, and cannot take fewer rows.
        for part in ("_df", "_df_train", "_df_test"):
            rows = getattr(data, part)
            setattr(data, part, rows.sample(min(QUICK_ROWS, len(rows)), random_state=options.seed))
    train = data.df_train
    table = data.inverse_transform(train).assign(**{data.target: train[data.target].to_numpy(int)})
    further = FURTHER.get(options.data, FEW_CHANGES) if known else FEW_CHANGES
    return DemoData(data, table, _constraints(data), further)


def _known(name: str) -> Any:
    if name != "adult":
        return load_dataset(name, roles="paper", quiet=True, **RULES[name])
    # The survey weight says how many Americans a row stands for, and nothing about the person.
    train, test = (part.drop(columns="fnlwgt") for part in load_adult()[1:])
    return load_dataset(train, target="income", test=test, quiet=True, **RULES[name])


def _own(options: Namespace) -> Any:
    """A toy, or a user's CSV, in which what sounds personal is immutable."""
    if options.data in NAMES:
        return load_dataset(options.data, target=options.target)
    if not options.data.endswith(".csv"):
        return load_dataset(options.data, target=options.target, seed=options.seed)
    table = read_table(options.data, "name")
    return load_dataset(
        table,
        target=options.target,
        seed=options.seed,
        immutables=[name for name in personal_names(table.columns) if name != options.target],
    )


def _constraints(data: Any) -> list[Constraint]:
    """The catalog's immutables, directions and ranges as constraints."""
    found: list[Constraint] = [Freeze(*data.immutables)] if data.immutables else []
    for name, entry in data.constraints.items():
        if "direction" in entry:
            found.append(OneWay(name, "up" if entry["direction"] == "increase" else "down"))
        if "range" in entry:
            found.append(Range(name, *entry["range"]))
    return found
