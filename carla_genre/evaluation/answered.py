"""Share answered: how many people a method finds an answer for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.evaluation.measure import Measure, aligned_frames


def answered(counterfactuals: pd.DataFrame) -> np.ndarray:
    """Whether each row is an answer, bool (B,): one without a NaN."""
    complete: np.ndarray = counterfactuals.notna().all(axis=1).to_numpy()
    return complete


class Answered(Measure):
    """Share of all factuals that have an answer, whatever h says of it; CARLA calls it success rate.

    Higher is better; from 0 to 1. A failure counts 0.
    """

    FAILURES_COUNT = True

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Column ``Answered``."""
        return {"Answered": answered(aligned_frames(self.schema, factuals, answers)[1])}
