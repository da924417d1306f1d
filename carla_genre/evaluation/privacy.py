"""Privacy: whether an answer is somebody's row, and how near to one it comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from carla_genre.errors import InputError
from carla_genre.evaluation.answered import answered
from carla_genre.evaluation.measure import Measure, aligned
from carla_genre.options import Option
from carla_genre.schema import Schema


class TrainingRows:
    """Training rows, and how far rows that nobody has learnt from lie from them.

    Parameters
    ----------
    schema : Schema
        Of the rows.
    train, held_out : DataFrame (n, any), (m, any)
        Encoded; a row with a NaN is left out. At least one each.

    Raises
    ------
    InputError
        There is no whole row.
    """

    def __init__(self, schema: Schema, train: pd.DataFrame, held_out: pd.DataFrame) -> None:
        self.schema = schema
        known, self._others = _whole(schema, train, "train"), _whole(schema, held_out, "held_out")
        self._counts = Counter(row.tobytes() for row in known)
        # Equal rows are equally far, and trees of many equal rows are deep.
        distances = distance_vectors(schema, np.unique(known, axis=0))
        self._neighbours = NearestNeighbors(n_neighbors=1, metric="manhattan").fit(distances)

    def equal(self, rows: pd.DataFrame) -> np.ndarray:
        """How many training rows equal each encoded row bit for bit, (B,); 0 for a row that has a NaN.

        Both are compared in single precision, as methods write it, and -0 equals 0.
        """
        return np.array([self._counts[row.tobytes()] for row in plain_numbers(self.schema, rows)], dtype=int)

    def distance(self, rows: pd.DataFrame) -> np.ndarray:
        """Distance of each encoded row to the nearest training row, (B,); NaN for a row that has a NaN.

        It is :func:`carla_genre.evaluation.cost`: the sum over the features, 1 for another category.
        """
        return self._distance(plain_numbers(self.schema, rows))

    @cached_property
    def held_out_distance(self) -> float:
        """Mean distance of the held-out rows to the nearest training row."""
        return float(self._distance(self._others).mean())

    def _distance(self, numbers: np.ndarray) -> np.ndarray:
        found = ~np.isnan(numbers).any(axis=1)
        result = np.full(len(numbers), np.nan)
        if found.any():
            vectors = distance_vectors(self.schema, numbers[found])
            result[found] = self._neighbours.kneighbors(vectors)[0][:, 0]
        return result


class Privacy(Measure):
    """What answers give away: copies of training rows, and the distance to the closest one (DCR).

    Lower is better for the copies, from 0 to 1: the share of the answers that equal a training row bit for bit, and of
    those that equal fewer than k of them, where a copy points to few people. Higher is better for the distances, from 0
    to infinity: to the closest training row, and that over the mean distance of held-out rows, which nobody has copied.
    Below 1, answers lie nearer to training rows than new people do. A failure is left out. The ratio is NaN where
    every held-out row equals a training row.

    References
    ----------
    Platzer and Reutterer, "Holdout-Based Empirical Assessment of Mixed-Type Synthetic Data" (Frontiers in Big Data,
    2021) compare the distances to those of held-out rows; Zhao et al., "CTAB-GAN" (ACML 2021) and Kotelnikov et al.,
    "TabDDPM" (ICML 2023) report the distance.

    Hyperparameters
    ---------------
    train, held_out : DataFrame, optional
        Encoded rows; else ``df_train`` and ``df_test`` of ``mlmodel.data``.
    k : int
        5: equal to fewer training rows, an answer is a rare copy.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "train": Option(kind=pd.DataFrame),
        "held_out": Option(kind=pd.DataFrame),
        "k": Option(5, "[1, inf)"),
    }

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Columns ``Copies`` and ``Rare_Copies`` (0 or 1), ``Closest_Distance`` and ``Closest_Distance_Ratio``."""
        known = self._rows
        distance, equal = known.distance(answers), known.equal(answers)
        found = ~np.isnan(distance)
        reference = known.held_out_distance
        return {
            "Copies": np.where(found, equal > 0, np.nan),
            "Rare_Copies": np.where(found, (equal > 0) & (equal < self.hyperparameters["k"]), np.nan),
            "Closest_Distance": distance,
            "Closest_Distance_Ratio": distance / (reference if reference > 0 else np.nan),
        }

    @cached_property
    def _rows(self) -> TrainingRows:
        parts = {}
        for name, attribute in (("train", "df_train"), ("held_out", "df_test")):
            given = self.hyperparameters[name]
            parts[name] = getattr(self.mlmodel.data, attribute, None) if given is None else given
            if parts[name] is None:
                raise InputError(f"Privacy needs {{{name!r}: encoded rows}}: the data have no {attribute}")
        return TrainingRows(self.schema, parts["train"], parts["held_out"])


def plain_numbers(schema: Schema, rows: pd.DataFrame) -> np.ndarray:
    """The schema's columns in single precision, texts numbered, (B, C); NaN throughout a row that has one."""
    numbers = aligned(schema, rows, rows)[1].astype(np.float32) + np.float32(0)  # -0 becomes 0
    numbers[~answered(pd.DataFrame(numbers))] = np.nan
    return np.ascontiguousarray(numbers)


def _whole(schema: Schema, rows: pd.DataFrame, name: str) -> np.ndarray:
    numbers = plain_numbers(schema, rows)
    whole: np.ndarray = numbers[~np.isnan(numbers).any(axis=1)]
    if len(whole) == 0:
        raise InputError(f"privacy is measured against at least one row without gaps: {name} has none")
    return whole


def distance_vectors(schema: Schema, numbers: np.ndarray) -> np.ndarray:
    """(B, C) -> (B, W): the L1 distance of two rows is the cost of going from one to the other."""
    parts = []
    for feature in schema.features:
        places = [schema.columns.index(column) for column in feature.columns]
        column = numbers[:, places].astype(float)
        if feature.is_text:
            column = (column == np.arange(-1, len(feature.levels or ()))) * 0.5
        parts.append(column * 0.5 if len(places) > 1 else column)
    return np.concatenate(parts, axis=1)
