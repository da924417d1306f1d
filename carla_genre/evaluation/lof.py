"""LOF: whether a counterfactual lies among the accepted rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.neighbors import LocalOutlierFactor

from carla_genre.errors import InputError
from carla_genre.evaluation.measure import Measure, single_precision
from carla_genre.options import Option


class InlierTest:
    """Local outlier factor, fitted on the rows that the gold classifier accepts.

    Parameters
    ----------
    n_neighbors : int
        5 in the paper.
    """

    def __init__(self, n_neighbors: int = 5) -> None:
        self.n_neighbors = n_neighbors
        self._columns: list[str] | None = None

    def fit(self, accepted: ArrayLike | pd.DataFrame) -> InlierTest:
        """Fit on encoded rows, (n, d); of a frame, the columns are remembered."""
        self._columns = list(accepted.columns) if isinstance(accepted, pd.DataFrame) else None
        rows = self._matrix(accepted)
        if len(rows) <= self.n_neighbors:
            raise InputError(
                f"LOF with {self.n_neighbors} neighbours needs more than {self.n_neighbors} accepted rows, "
                f"got {len(rows)}"
            )
        self._model = LocalOutlierFactor(n_neighbors=self.n_neighbors, novelty=True).fit(rows)
        return self

    def inliers(self, rows: ArrayLike | pd.DataFrame) -> np.ndarray:
        """Whether each row is an inlier, bool (n,); a row that has a NaN is not."""
        matrix = self._matrix(rows)
        result: np.ndarray = ~np.isnan(matrix).any(axis=1)
        if result.any():
            result[result] = self._model.predict(matrix[result]) == 1
        return result

    def _matrix(self, rows: ArrayLike | pd.DataFrame) -> np.ndarray:
        return single_precision(rows, self._columns, "LOF")


class LOF(Measure):
    """Share of all factuals whose counterfactual is an inlier among the rows that the gold classifier accepts.

    Higher is better; from 0 to 1. A failure counts 0.

    Hyperparameters
    ---------------
    inlier_test : InlierTest
        Needed: fitted on the accepted rows; :class:`Judge` has one.
    """

    FAILURES_COUNT = True
    OPTIONS: ClassVar[Mapping[str, Option]] = {"inlier_test": Option(kind=InlierTest)}

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Column ``LOF``: whether an inlier."""
        test = self._needed("inlier_test", "InlierTest().fit(accepted rows)")
        return {"LOF": test.inliers(answers)}
