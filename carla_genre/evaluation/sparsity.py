"""Sparsity: how many features an answer asks a person to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.evaluation.answered import answered
from carla_genre.evaluation.measure import Measure, aligned_frames
from carla_genre.schema import Schema


def changed_features(schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> np.ndarray:
    """Which features each answer changes, bool (B, D); False throughout for a failure.

    A feature is changed if any of its columns is not equal to the factual's, without a tolerance: a one-hot
    group counts once, and a value that was rounded on its way counts.
    """
    before, after = aligned_frames(schema, factuals, counterfactuals)
    changed = np.empty((len(before), len(schema.features)), dtype=bool)
    for position, feature in enumerate(schema.features):
        columns = list(feature.columns)
        changed[:, position] = (before[columns].to_numpy() != after[columns].to_numpy()).any(axis=1)
    counted: np.ndarray = changed & answered(after)[:, None]
    return counted


def sparsity(schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> np.ndarray:
    """Number of features that each answer changes, (B,); NaN where unanswered."""
    changed = changed_features(schema, factuals, counterfactuals).sum(axis=1)
    return np.where(answered(aligned_frames(schema, factuals, counterfactuals)[1]), changed, np.nan)


class Sparsity(Measure):
    """Number of features that the answer changes, counted exactly, and their share of all features.

    Lower is better; from 0 to D, the share from 0 to 1. A failure is left out.
    """

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Columns ``Changed_Features`` and ``Changed_Share``."""
        schema = self.schema
        changed = sparsity(schema, factuals, answers)
        return {"Changed_Features": changed, "Changed_Share": changed / len(schema.features)}
