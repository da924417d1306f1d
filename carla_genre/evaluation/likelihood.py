"""Likelihood: the density of the accepted and of the denied class at an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from sklearn.metrics import pairwise_distances_chunked

from carla_genre.errors import InputError
from carla_genre.evaluation.answered import answered
from carla_genre.evaluation.measure import Measure, aligned_frames
from carla_genre.options import Option
from carla_genre.schema import Schema
from carla_genre.schema.cells import codes, nearest_levels

# Of the distances that are held at a time.
_MEMORY_MB = 64
# A feature that hardly varies among the rows gets kernels of this standard deviation, so that the density is finite.
_LEAST_DEVIATION = 0.01


class MixedDensity:
    """A kernel density of rows that mix numbers and categories.

    The kernel is a product over the features (Li and Racine, Nonparametric Econometrics, 2007, chapter 4), with n
    rows and d continuous features:

    - Continuous: a Laplace density of standard deviation s n^(-1/(d+4)) (Scott's rule), s that of the feature. Its
      logarithm falls linearly, so that one far answer does not decide a mean, as it would with a normal density.
    - Category of L levels: Aitchison and Aitken's kernel, 1 - l for the same level and l / (L - 1) for another, with
      l = n^(-2/(d+4)) (L - 1) / L. It is a probability. A Gaussian mixture on one-hot columns is a density between
      the levels, which grows without bound as the variance goes to 0.

    Bandwidths follow from n. A cross-validated one goes to 0 where rows repeat, as they do in these data.

    Parameters
    ----------
    schema : Schema
        Of the rows.
    deviation : array (D,), optional
        s of each feature; else that of the rows. A category's is not looked at.
    """

    def __init__(self, schema: Schema, deviation: ArrayLike | None = None) -> None:
        self.schema = schema
        self.deviation = deviation

    def fit(self, rows: pd.DataFrame) -> MixedDensity:
        """Fit on encoded rows, (n, any), at least one."""
        values = self.schema.encode(rows)
        if len(values) == 0:
            raise InputError("a density needs at least one row")
        categorical = self.schema.categorical
        smoothing = len(values) ** (-1 / ((~categorical).sum() + 4))
        deviation = values.std(axis=0) if self.deviation is None else np.asarray(self.deviation, dtype=float)
        # A Laplace density of scale b has the standard deviation sqrt(2) b.
        self._scale = smoothing * np.maximum(deviation, _LEAST_DEVIATION) / np.sqrt(2)
        levels = np.maximum(self.schema.level_counts, 1)
        other = smoothing**2 * (levels - 1) / levels
        # One-hot columns of this height make exp(-L1 distance) the ratio of Aitchison and Aitken's kernel.
        ratio = np.divide((levels - 1) * (1 - other), other, out=np.ones(len(levels)), where=other > 0)
        self._height = np.log(np.maximum(ratio, 1.0)) / 2
        peak = np.log1p(-other[categorical]).sum() - np.log(2 * self._scale[~categorical]).sum()
        self._constant = peak - np.log(len(values))
        self._centres = self._vectors(values)
        return self

    def log_likelihood(self, rows: pd.DataFrame) -> np.ndarray:
        """Natural logarithm of the density at encoded rows, (B,); NaN for a row that has a NaN.

        The unit is 1 over the scaled features. A category between its levels counts as the nearest level.
        """
        found = answered(rows[list(self.schema.columns)])
        result = np.full(len(rows), np.nan)
        if found.any():
            vectors = self._vectors(self._nearest_levels(rows[found]))
            kernels = pairwise_distances_chunked(
                vectors,
                self._centres,
                reduce_func=lambda distances, _: logsumexp(-distances, axis=1),
                metric="manhattan",
                working_memory=_MEMORY_MB,
            )
            result[found] = np.concatenate(list(kernels)) + self._constant
        return result

    def _nearest_levels(self, rows: pd.DataFrame) -> np.ndarray:
        """One value a feature, (B, D), whatever a method left in a category's columns."""
        values = np.empty((len(rows), len(self.schema.features)))
        for position, feature in enumerate(self.schema.features):
            part = rows[list(feature.columns)]
            if feature.levels is None:
                values[:, position] = part.iloc[:, 0]
            elif feature.is_text:
                values[:, position] = codes(part, feature)
            else:
                values[:, position] = nearest_levels(part, feature, np.zeros(len(part)))
        return values

    def _vectors(self, values: np.ndarray) -> np.ndarray:
        """(B, D) -> (B, W): numbers in units of their kernel's scale, categories one-hot."""
        parts = []
        for position, feature in enumerate(self.schema.features):
            column = values[:, position, None]
            if feature.levels is None:
                parts.append(column / self._scale[position])
            else:
                parts.append(self._height[position] * (column == np.arange(len(feature.levels))))
        return np.concatenate(parts, axis=1)


class ClassDensities:
    """The densities of two classes of rows.

    Both use the deviations of all rows. With its own, a feature that hardly varies in one class would decide alone.

    Attributes
    ----------
    accepted, denied : MixedDensity
    """

    def __init__(self, accepted: MixedDensity, denied: MixedDensity) -> None:
        self.accepted, self.denied = accepted, denied

    @classmethod
    def fit(cls, schema: Schema, rows: pd.DataFrame, accepted: ArrayLike) -> ClassDensities:
        """Fit on encoded rows (n, any), of which ``accepted`` (n,) says the class: labels 0 and 1, or a mask."""
        mask = np.asarray(accepted).astype(bool)
        if mask.shape != (len(rows),) or mask.all() or not mask.any():
            raise InputError(
                f"two classes of {len(rows)} rows are needed, got {mask.sum()} accepted of {mask.size}"
            )
        deviation = schema.encode(rows).std(axis=0)
        return cls(*(MixedDensity(schema, deviation).fit(rows[part]) for part in (mask, ~mask)))


class Likelihood(Measure):
    """Log-likelihood of the answer under the rows labelled accepted, and under the rows labelled denied.

    Higher is better under the accepted, lower under the denied; from minus infinity to infinity, since a density may
    exceed 1. A failure is left out. Their difference is the evidence for the accepted class. Only figures of
    the same data and training rows can be compared.

    Hyperparameters
    ---------------
    densities : ClassDensities, optional
        Else fitted on ``mlmodel.data.df_train`` and its labels, once.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {"densities": Option(kind=ClassDensities)}

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Columns ``Log_Likelihood_Accepted`` and ``Log_Likelihood_Denied``."""
        schema = self.schema
        if self.hyperparameters["densities"] is None:
            train = self.mlmodel.data.df_train
            labels = train[self.mlmodel.data.target].to_numpy()
            self.hyperparameters["densities"] = ClassDensities.fit(schema, train, labels)
        densities = self.hyperparameters["densities"]
        _, answers = aligned_frames(schema, factuals, answers)
        return {
            "Log_Likelihood_Accepted": densities.accepted.log_likelihood(answers),
            "Log_Likelihood_Denied": densities.denied.log_likelihood(answers),
        }
