"""The gold classifier: it judges the answers, and no method sees it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from joblib import parallel_config
from numpy.typing import ArrayLike
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils.class_weight import compute_sample_weight

from carla_genre.errors import InputError
from carla_genre.evaluation.measure import single_precision


class GoldClassifier:
    """A random forest with isotonic calibration, fitted on all rows that there are.

    It stands for the true p(y = 1 | x): labels are drawn from it, and it decides which counterfactuals are valid
    (section 5 of the paper).

    Parameters
    ----------
    seed : int
        The forest's random state.
    n_jobs : int, optional
        Folds fitted at the same time; the result does not depend on it.
    """

    def __init__(self, seed: int = 42, n_jobs: int | None = None) -> None:
        self.seed = seed
        self.n_jobs = n_jobs
        self._columns: list[str] | None = None

    def fit(self, features: ArrayLike | pd.DataFrame, labels: ArrayLike) -> GoldClassifier:
        """Fit on encoded rows, train and test pooled, with balanced sample weights.

        Parameters
        ----------
        features : array or DataFrame (n, d)
            A frame's columns are remembered, and chosen from every frame that follows.
        labels : array (n,)
            Original labels, 0 and 1.

        Raises
        ------
        InputError
            The labels are not both 0 and 1, or a class has fewer rows than the calibration has folds.
        """
        target = np.asarray(labels).astype(float)
        values, counts = np.unique(target, return_counts=True)
        if not np.array_equal(values, [0.0, 1.0]):
            raise InputError(f"the gold classifier needs labels 0 and 1, got {values[:5].tolist()}")
        if counts.min() < 5:
            raise InputError(f"the gold classifier needs 5 rows of each class or more, got {counts.tolist()}")
        self._columns = list(features.columns) if isinstance(features, pd.DataFrame) else None
        forest = RandomForestClassifier(random_state=self.seed)
        self._model = CalibratedClassifierCV(forest, method="isotonic", n_jobs=self.n_jobs)
        weight = compute_sample_weight(class_weight="balanced", y=target)
        # Trees grow outside Python's lock: threads need no copies of the rows, and no processes to start.
        with parallel_config(backend="threading"):
            self._model.fit(self._matrix(features), target, sample_weight=weight)
        return self

    def probability(self, features: ArrayLike | pd.DataFrame) -> np.ndarray:
        """p(y = 1) of each row, (n,); NaN for a row that has a NaN."""
        matrix = self._matrix(features)
        answered = ~np.isnan(matrix).any(axis=1)
        result = np.full(len(matrix), np.nan)
        if answered.any():
            result[answered] = self._model.predict_proba(matrix[answered])[:, 1]
        return result

    def accepts(self, features: ArrayLike | pd.DataFrame, threshold: float = 0.5) -> np.ndarray:
        """Whether p(y = 1) > threshold, bool (n,); a row that has a NaN is not accepted."""
        return self.probability(features) > threshold

    def _matrix(self, features: ArrayLike | pd.DataFrame) -> np.ndarray:
        return single_precision(features, self._columns, "the gold classifier")


def draw_labels(probability: np.ndarray, seed: int) -> np.ndarray:
    """Draw every label again from its probability.

    Parameters
    ----------
    probability : array (n,)
        p(y = 1) of the rows, train rows first.
    seed : int
        Of a generator of its own; the global state is not touched.

    Returns
    -------
    ndarray (n,) of int
    """
    return np.random.RandomState(seed).binomial(1, probability)
