"""NNR(D_h+): the nearest accepted training row as recourse (table 3 of the paper)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from carla_genre.errors import InputError


class NearestAccepted:
    """Exact nearest neighbour by L1 among the training rows with label 1 and h > gamma.

    Only rows with the factual's immutables are candidates; where there is none, the answer is NaN.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        h and its data.
    gamma : float
        0.7 in the paper.
    """

    def __init__(self, mlmodel: Any, gamma: float = 0.7) -> None:
        data = mlmodel.data
        self._columns = list(mlmodel.feature_input_order)
        train = data.df_train
        accepted = (train[data.target].to_numpy() == 1) & (mlmodel.predict(train)[:, 0] > gamma)
        if not accepted.any():
            raise InputError(f"no training row has label 1 and h > {gamma}")
        candidates = train.loc[accepted, self._columns]
        mutable = mlmodel.get_mutable_mask()
        self._immutable = [c for c, free in zip(self._columns, mutable, strict=True) if not free]
        self._groups = {
            key: (rows, NearestNeighbors(n_neighbors=1, metric="manhattan").fit(rows.to_numpy()))
            for key, rows in _by_value(candidates, self._immutable)
        }

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """One row a factual, with its index."""
        answers = pd.DataFrame(np.nan, index=factuals.index, columns=self._columns)
        for key, rows in _by_value(factuals[self._columns], self._immutable):
            if key in self._groups:
                candidates, search = self._groups[key]
                nearest = search.kneighbors(rows.to_numpy(), return_distance=False)[:, 0]
                answers.loc[rows.index] = candidates.to_numpy()[nearest]
        return answers


def _by_value(rows: pd.DataFrame, columns: list[str]) -> list[tuple[tuple[float, ...], pd.DataFrame]]:
    """The rows in groups of equal values of some columns; one group where there are none."""
    if not columns:
        return [((), rows)]
    return [(tuple(key), group) for key, group in rows.groupby(columns)]
