"""Validity: the share of people whose counterfactual a classifier accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.evaluation.measure import Measure, in_order_of


def valid(probability: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Whether each answer is accepted, bool (B,): probability > threshold; NaN (a failure) is not."""
    return np.asarray(probability, dtype=float) > threshold


def soft_validity(probability: np.ndarray) -> float:
    """Mean probability of acceptance; a failure counts 0."""
    return float(np.nan_to_num(np.asarray(probability, dtype=float), nan=0.0).mean())


def model_probability(mlmodel: Any, rows: pd.DataFrame) -> np.ndarray:
    """p(y = 1) of encoded rows by a CARLA classifier, (B,); NaN for a row that has a NaN.

    Raises
    ------
    InputError
        The classifier's ``predict_proba`` does not give two columns, one row a row.
    """
    columns = list(mlmodel.feature_input_order)
    answered = ~rows[columns].isna().any(axis=1).to_numpy()
    result = np.full(len(rows), np.nan)
    if answered.any():
        probability = mlmodel.predict_proba(rows.loc[answered, columns])
        if hasattr(probability, "detach"):
            probability = probability.detach().cpu().numpy()
        probability, n_answered = np.asarray(probability, dtype=float), int(answered.sum())
        if probability.shape != (n_answered, 2):
            raise InputError(
                f"{type(mlmodel).__name__}.predict_proba: expected shape ({n_answered}, 2), got {probability.shape}"
            )
        result[answered] = probability[:, 1]
    return result


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
    _DEFAULT_HYPERPARAMETERS: Mapping[str, Any] = {"gold": None, "threshold": 0.5}

    def rows(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
        """Return columns ``Validity`` (whether accepted) and ``Soft_Validity`` (the probability)."""
        answers, gold = in_order_of(factuals, counterfactuals), self.hyperparameters["gold"]
        probability = model_probability(self.mlmodel, answers) if gold is None else gold.probability(answers)
        return pd.DataFrame(
            {
                "Validity": valid(probability, self.hyperparameters["threshold"]),
                "Soft_Validity": np.nan_to_num(probability, nan=0.0),
            },
            index=factuals.index,
        )
