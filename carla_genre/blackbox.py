"""A classifier h as every room asks it: encoded rows in, probabilities of label 1 out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError


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
