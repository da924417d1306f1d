"""Violations: answers that break a constraint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

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
    """Which features of which answers break a constraint.

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
        texts = feature.is_text  # these are numbered
        levels = np.arange(len(feature.levels))[:, None] if texts else np.array(feature.levels, dtype=float)
        found[1] = ~(after[:, None, :] == levels[None]).all(axis=2).any(axis=1)
        return found
    value = after[:, 0]
    found[2] = changed & ((value < feature.lower) | (value > feature.upper))
    found[3] = feature.direction * (value - before[:, 0]) < 0
    return found


class ConstraintViolations(Measure):
    """Counts of violated features over all answers, a column a kind, and of the answers with any (:class:`Violations`).

    Lower is better; from 0 to B * D, the answers' to B. A failure violates nothing and counts 0.
    """

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """A column a kind: the features that violate it; ``Rows_Violations`` is 1 if any does."""
        found = violated(self.schema, factuals, answers)
        counts = [*found.sum(axis=2), found.any(axis=(0, 2)).astype(int)]
        names = [f"{name.title()}_Violations" for name in Violations._fields]
        return dict(zip(names, counts, strict=True))

    def get_evaluation(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
        """Return one row: the sums of :meth:`rows`."""
        return self.rows(factuals, counterfactuals).sum().to_frame().T
