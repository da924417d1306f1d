"""Violations: answers that break what they had to keep."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from carla_genre.evaluation.measure import Measure, aligned
from carla_genre.schema import Feature, Schema


class Violations(NamedTuple):
    """Violated features, counted over all answered rows.

    ``immutable``: an immutable feature is not equal, bit for bit, to the factual's. ``one_hot``: a
    categorical's columns are none of its levels. ``out_of_range``: a continuous value lies outside the
    feature's range, and is not the factual's own. ``direction``: a feature that may only increase (or
    decrease) went the other way. ``rows``: answered rows with any of them.
    """

    immutable: int
    one_hot: int
    out_of_range: int
    direction: int
    rows: int


def violations(schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> Violations:
    """Count the violations of a method's answers exactly, without a tolerance; failures are left out."""
    found = violated(schema, factuals, counterfactuals)
    immutable, one_hot, out_of_range, direction = (int(count) for count in found.sum(axis=(1, 2)))
    return Violations(immutable, one_hot, out_of_range, direction, int(found.any(axis=(0, 2)).sum()))


def violated(schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> np.ndarray:
    """Which features of which answers break what they had to keep.

    Returns
    -------
    ndarray (4, B, D), bool
        Immutable, one-hot, range, direction; False throughout for a failure.
    """
    before, after = aligned(schema, factuals, counterfactuals)
    found = np.zeros((4, len(after), len(schema.features)), dtype=bool)
    for position, feature in enumerate(schema.features):
        places = [schema.columns.index(column) for column in feature.columns]
        found[:, :, position] = _violations_of(feature, before[:, places], after[:, places])
    found[:, np.isnan(after).any(axis=1)] = False
    return found


def _violations_of(feature: Feature, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Immutable, one-hot, range and direction, bool (4, B); the rows are (B, columns of the feature)."""
    found = np.zeros((4, len(after)), dtype=bool)
    changed = (before != after).any(axis=1)
    if feature.immutable:
        found[0] = changed
    if feature.levels is not None:
        levels = np.array(feature.levels, dtype=float)
        found[1] = ~(after[:, None, :] == levels[None]).all(axis=2).any(axis=1)
        return found
    value = after[:, 0]
    found[2] = changed & ((value < feature.lower) | (value > feature.upper))
    found[3] = feature.direction * (value - before[:, 0]) < 0
    return found


class ConstraintViolations(Measure):
    """Counts of violations over all answers."""

    def get_evaluation(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
        """Return one row with a column a kind."""
        counted = violations(Schema.from_mlmodel(self.mlmodel), factuals, counterfactuals)
        names = {name: f"{name.title()}_Violations" for name in counted._fields}
        return pd.DataFrame([counted._asdict()]).rename(columns=names)
