"""The data sets of the table, and the constraints that people ask under: actionable roles, and random sets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.constrained.roles import ROLES, actionable
from carla_genre.datasets.catalog import FrameCatalog
from carla_genre.errors import InputError
from carla_genre.protocol import OwnTable, Setting, prepare

GERMAN = "german_credit"
DATA = tuple(ROLES)
SEEDS = (0, 1, 2, 3, 4)
N_SETS = 20
ACTIONABLE = "actionable"

# How likely a random set bounds a number that it does not freeze, or lets it go one way alone.
ONE_WAY, BOUNDED = 0.15, 0.15
# A random range leaves out at most this share of the training rows at each end.
LEFT_OUT = 0.25

Constraints = Mapping[str, Mapping[str, Any]]


def source(data: str, root: str | os.PathLike[str] | None) -> str | OwnTable:
    """The data set, as the protocol takes it; German credit is a table of one's own, in the same folder.

    The paper has no German credit: sex and origin are immutable there as they are in its other data.
    """
    if data != GERMAN:
        return data
    path = Path(root or os.environ.get("CF_DATA") or "~/cf-data").expanduser() / f"{GERMAN}.csv"
    roles = {"target": "credit", "positive": 1, "immutables": ["status_sex", "foreign_worker"]}
    return OwnTable(GERMAN, str(path), roles)


def prepared(
    data: str,
    seed: int,
    people: int,
    root: str | os.PathLike[str] | None,
    cache: str | None,
    classifier: str,
    rows: int | None = None,
) -> Setting:
    """The protocol with so many people, or with all that h denies where these are fewer."""
    given: dict[str, Any] = {"root": root, "cache": cache, "classifier": classifier, "rows": rows}
    one = prepare(source(data, root), seed, 1, **given)
    there = int(one.checks["denied test rows"])
    return prepare(source(data, root), seed, min(people, there), **given)


def names() -> tuple[str, ...]:
    """Of all sets: the actionable roles, and the random ones."""
    return ACTIONABLE, *(f"random {number:02d}" for number in range(N_SETS))


def first_pass(seed: int) -> tuple[str, ...]:
    """The sets that the first pass measures with a seed: each set with one seed."""
    return tuple(name for position, name in enumerate(names()[1:]) if position % len(SEEDS) == seed) + (
        (ACTIONABLE,) if seed == SEEDS[0] else ()
    )


def constraints_of(name: str, data: str, catalog: FrameCatalog) -> Constraints:
    """The option ``constraints`` of a set; InputError for a name that there is not."""
    if name not in names():
        raise InputError(f"there is no set of constraints {name!r}; there are {', '.join(names())}")
    if name == ACTIONABLE:
        return actionable(data)
    return random_set(catalog, int(name.rpartition(" ")[2]))


def random_set(catalog: FrameCatalog, number: int) -> Constraints:
    """From one to all but two of the free features are frozen; some of the others go one way alone, or are bounded.

    Parameters
    ----------
    catalog : FrameCatalog
        The data; features that are immutable there already are left out.
    number : int
        Of the set: the seed of its own random generator.
    """
    random = np.random.default_rng([number])
    features = sorted({*catalog.continuous, *catalog.categorical} - set(catalog.immutables))
    count = int(random.integers(1, len(features) - 1))
    order = [features[i] for i in random.permutation(len(features))]
    found: dict[str, dict[str, Any]] = {name: {"immutable": True} for name in order[:count]}
    raw = _raw(catalog)
    for name in order[count:]:
        drawn, way, low, high = random.random(4)
        if name not in catalog.continuous:
            continue
        if drawn < ONE_WAY:
            found[name] = {"direction": "increase" if way < 0.5 else "decrease"}
        elif drawn < ONE_WAY + BOUNDED:
            ends = np.quantile(raw[name], [LEFT_OUT * low, 1 - LEFT_OUT * high], method="nearest")
            found[name] = {"range": (float(ends[0]), float(ends[1]))}
    return found


@lru_cache(maxsize=4)
def _raw(catalog: FrameCatalog) -> pd.DataFrame:
    """The training rows in the table's units."""
    return catalog.inverse_transform(catalog.df_train)
