"""The paper's figures and settings, as benchmarks/paper/published.json has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from carla_genre.harness.record import flat

NAMES = {"adult": "Adult", "compas": "COMPAS", "heloc": "HELOC"}
# And those that the paper has not.
ALL_NAMES = {
    **NAMES,
    "german_credit": "German credit",
    "taiwanese_credit": "Taiwanese credit",
    "communities_and_crime": "Communities and Crime",
    "hmda": "HMDA",
    "lending_club": "Lending Club",
}
LEAK = "HELOC: missing values were filled with the mean of the row's own class; the label leaks."


def name_of(data: str) -> str:
    """A data set's name in the paper, or its own."""
    return ALL_NAMES.get(data, data)


@cache
def published() -> Mapping[str, Any]:
    """``data``, ``hyperparams`` and ``methods``; its ``source`` says from where in the paper each is."""
    content: Mapping[str, Any] = json.loads(
        Path(__file__).with_name("published.json").read_text(encoding="utf-8")
    )
    return content


def figures_of(label: str) -> Mapping[str, Any]:
    """What the paper has of a method: data set -> ``cost``, ``val``, ``lof``, ``score`` and ``std`` over people.

    A label that the paper has not, as "CRUD, 20 epochs", stands beside what is before its comma.
    """
    methods = published()["methods"]
    figures: Mapping[str, Any] = methods.get(label) or methods.get(label.partition(",")[0], {})
    return figures


def different_hyperparams(method: str, ours: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What a record's hyperparameters have otherwise than the paper says (tables 8 and 9).

    Parameters
    ----------
    method : str
        As a cell names it.
    ours : mapping
        All of the method's, groups as mappings.

    Returns
    -------
    dict
        ``"group.name"`` -> (ours, the paper's). What the paper is silent on, and what the method does not take, is
        no difference.
    """
    paper, own = (flat(part) for part in (published()["hyperparams"].get(method, {}), ours))
    return {
        name: (own[name], theirs) for name, theirs in paper.items() if name in own and own[name] != theirs
    }
