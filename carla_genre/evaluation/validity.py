"""Validity: the share of people whose counterfactual a classifier accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from carla_genre.blackbox import model_probability
from carla_genre.evaluation.measure import Measure
from carla_genre.options import Option


def valid(probability: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Whether each answer is accepted, bool (B,): probability > threshold; NaN (a failure) is not."""
    return np.asarray(probability, dtype=float) > threshold


def soft_validity(probability: np.ndarray) -> float:
    """Mean probability of acceptance; a failure counts 0."""
    return float(np.nan_to_num(np.asarray(probability, dtype=float), nan=0.0).mean())


class Validity(Measure):
    """Share of all factuals whose counterfactual is accepted, and the mean probability of acceptance.

    Higher is better; from 0 to 1. A failure counts 0.

    Hyperparameters
    ---------------
    gold : GoldClassifier, optional
        The judge; else the classifier itself is asked.
    threshold : float
        0.5 in the paper.
    """

    FAILURES_COUNT = True
    OPTIONS: ClassVar[Mapping[str, Option]] = {"gold": Option(), "threshold": Option(0.5, "[0, 1)")}

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Columns ``Validity`` (whether accepted) and ``Soft_Validity`` (the probability)."""
        gold = self.hyperparameters["gold"]
        probability = model_probability(self.mlmodel, answers) if gold is None else gold.probability(answers)
        return {
            "Validity": valid(probability, self.hyperparameters["threshold"]),
            "Soft_Validity": np.nan_to_num(probability, nan=0.0),
        }
