"""Cost: how far a counterfactual is from its factual, feature by feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.evaluation.measure import Measure, aligned
from carla_genre.schema import Schema


def feature_changes(schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> np.ndarray:
    """How much each feature changes, (B, D): |difference| in the scaled space, NaN where unanswered.

    A category of one column counts as its difference (1 when it changed); a one-hot group counts half
    the sum over its columns, so that a change from one level to another is 1 as well. Answers of
    methods that leave a category between its levels count in the same units.
    """
    before, after = aligned(schema, factuals, counterfactuals)
    changes = np.empty((len(before), len(schema.features)))
    for position, feature in enumerate(schema.features):
        places = [schema.columns.index(column) for column in feature.columns]
        share = 0.5 if len(places) > 1 else 1.0
        moved = np.abs(after[:, places] - before[:, places])
        changes[:, position] = share * (moved > 0 if feature.is_text else moved).sum(axis=1)
    changes[np.isnan(after).any(axis=1)] = np.nan
    return changes


def cost(schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> np.ndarray:
    """L1 cost of each answer (section 2 of the paper), (B,); NaN where unanswered."""
    cost: np.ndarray = feature_changes(schema, factuals, counterfactuals).sum(axis=1)
    return cost


class Cost(Measure):
    """L1 cost: how far the answer is from the person, summed over the features (:func:`cost`).

    Lower is better; from 0 to infinity. A failure is left out.
    """

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Column ``Cost``."""
        return {"Cost": cost(self.schema, factuals, answers)}
