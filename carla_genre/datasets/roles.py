"""Which column plays which role in the known data sets, as CARLA and as the paper have it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from carla_genre.errors import InputError


@dataclass(frozen=True)
class Roles:
    """The target and the features of a data set, in CARLA's words.

    Parameters
    ----------
    target : str
        The label's column, of 0 and 1.
    continuous, categorical : tuple of str
        The features; together all columns but the target.
    immutables : tuple of str
        The features that recourse must not change.
    """

    target: str
    continuous: tuple[str, ...]
    categorical: tuple[str, ...] = ()
    immutables: tuple[str, ...] = ()


KNOWN = ("adult", "compas", "heloc", "give_me_some_credit")

# What the paper's experiments change: sex and race cannot change; a past conviction within two years is a category.
_PAPER: dict[str, dict[str, Any]] = {
    "adult": {"immutables": ("race", "sex")},
    "compas": {
        "continuous": ("age", "priors_count", "length_of_stay"),
        "categorical": ("two_year_recid", "c_charge_degree", "race", "sex"),
        "immutables": ("race", "sex"),
    },
    "heloc": {},
}


def known_roles(name: str, whose: str) -> Roles:
    """The roles of a known data set, ``whose`` being ``"carla"`` or ``"paper"``.

    CARLA's order of the features is kept: it is the order of the scaler's and the encoder's columns.
    """
    if whose == "paper" and name not in _PAPER:
        raise InputError(f"roles='paper': the paper has no {name}; it has {', '.join(_PAPER)}")
    from carla import lib_path  # here, because importing CARLA takes seconds

    entry = yaml.safe_load(Path(lib_path, "data_catalog.yaml").read_text(encoding="utf-8"))[name]
    kinds = (tuple(entry[kind] or ()) for kind in ("continuous", "categorical", "immutable"))
    return replace(Roles(entry["target"], *kinds), **(_PAPER[name] if whose == "paper" else {}))
