"""Answers against factuals, in the table's units: constraints counted by code that no method shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.datasets.catalog import FrameCatalog

# Of a number's size: what the way to the table's units and back may lose.
NOISE = 1e-6


def broken(
    catalog: FrameCatalog,
    constraints: Mapping[str, Mapping[str, Any]],
    factuals: pd.DataFrame,
    answers: pd.DataFrame,
) -> int:
    """How many answers break a constraint of a set, or an immutable of the data.

    Parameters
    ----------
    catalog : FrameCatalog
        Gives the immutables, and the way to the table's units.
    constraints : mapping
        Feature -> direction, range (in the table's units), immutable.
    factuals, answers : DataFrame
        Encoded, in the same order; an answer with a NaN is none.
    """
    found = answers.notna().all(axis=1).to_numpy()
    if not found.any():
        return 0
    before, after = (catalog.inverse_transform(frame[found]) for frame in (factuals, answers))
    rules = {name: {"immutable": True} for name in catalog.immutables}
    for name, given in constraints.items():
        rules[name] = {**rules.get(name, {}), **given}
    wrong = np.zeros(int(found.sum()), bool)
    for name, rule in rules.items():
        wrong |= _wrong(before[name].to_numpy(), after[name].to_numpy(), rule)
    return int(wrong.sum())


def _wrong(before: np.ndarray, after: np.ndarray, rule: Mapping[str, Any]) -> np.ndarray:
    """Which of n answers break the rule of one feature."""
    changed: np.ndarray = before != after
    if rule.get("immutable"):
        return changed
    wrong = np.zeros(len(after), bool)
    if rule.get("direction") == "increase":
        wrong |= after < before
    if rule.get("direction") == "decrease":
        wrong |= after > before
    if "range" in rule:
        low, high = rule["range"]
        room = NOISE * max(abs(low), abs(high), 1.0)
        wrong |= changed & ((after < low - room) | (after > high + room))
    return wrong
