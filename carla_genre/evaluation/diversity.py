"""Diversity: how much the candidates of one factual differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.evaluation.measure import Measure
from carla_genre.options import Option
from carla_genre.schema import Schema


def diversity(schema: Schema, candidates: np.ndarray) -> np.ndarray:
    """Mean cost between two of a factual's candidates, over all pairs, (B,).

    The cost is :meth:`Schema.cost`. Of sorted numbers x_0 <= ... <= x_{n-1} the sum over pairs is
    sum_i (2 i - n + 1) x_i; of a category it is the number of pairs less those in one level. So N candidates take
    N log N steps, not N^2.

    Parameters
    ----------
    schema : Schema
        D features.
    candidates : ndarray (B, N, D)
        Encoded, one value a feature. A candidate with a NaN is left out.

    Returns
    -------
    ndarray (B,)
        NaN for fewer than two candidates.
    """
    candidates = np.asarray(candidates, dtype=float)
    if candidates.ndim != 3 or candidates.shape[2] != len(schema.features):
        raise InputError(f"candidates: expected shape (B, N, {len(schema.features)}), got {candidates.shape}")
    missing = np.isnan(candidates).any(axis=2)
    n = (~missing).sum(axis=1)
    pairs = n * (n - 1) / 2
    total = np.zeros(len(candidates))
    for position, feature in enumerate(schema.features):
        values = np.where(missing, np.nan, candidates[:, :, position])
        if feature.levels is None:
            weight = 2 * np.arange(values.shape[1]) - (n[:, None] - 1)
            total += np.nansum(weight * np.sort(values, axis=1), axis=1)  # NaN is sorted to the end
        else:
            counts = (values[:, :, None] == np.arange(len(feature.levels))).sum(axis=1)
            total += pairs - (counts * (counts - 1) / 2).sum(axis=1)
    return np.where(n > 1, total / np.maximum(pairs, 1), np.nan)


class Diversity(Measure):
    """Mean cost between two of the candidates that a person may choose among (:func:`diversity`).

    Higher is better; from 0 to infinity. A person with fewer than two candidates is left out. Outliers are diverse as
    well: read it beside validity and LOF.

    Hyperparameters
    ---------------
    candidates : ndarray (B, N, D)
        Needed: of the factuals in their order, one value a feature, as ``GenRe.candidates`` gives them.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {"candidates": Option()}

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Column ``Diversity``; the answers themselves are not looked at."""
        candidates = self._needed("candidates", "array (B, N, D)")
        if len(candidates) != len(factuals):
            raise InputError(f"{len(factuals)} factuals but candidates of {len(candidates)}")
        return {"Diversity": diversity(self.schema, candidates)}
