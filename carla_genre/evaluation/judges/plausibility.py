"""Whether answers lie where accepted people are, by tests that the paper does not use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from carla_genre.errors import InputError
from carla_genre.evaluation.gold import GoldClassifier
from carla_genre.evaluation.lof import InlierTest
from carla_genre.evaluation.measure import Measure, single_precision
from carla_genre.evaluation.privacy import distance_vectors, plain_numbers
from carla_genre.options import Option
from carla_genre.schema import Schema

NEIGHBOURS = 5
LOF_NEIGHBOURS = (5, 20)


@dataclass(frozen=True)
class PlausibilityTests:
    """Tests against accepted training rows, and distances to accepted held-out rows.

    Attributes
    ----------
    schema : Schema
    lofs : dict
        Number of neighbours -> outlier factors of the accepted training rows.
    forest : IsolationForest
        Of the accepted training rows.
    neighbours : NearestNeighbors
        Among the accepted held-out rows, by cost.
    own_distance : float
        Mean distance of an accepted held-out row to the fifth nearest other one.
    attainable : dict
        Figure -> what the accepted held-out rows have themselves.
    """

    schema: Schema
    lofs: Mapping[int, InlierTest]
    forest: IsolationForest
    neighbours: NearestNeighbors
    own_distance: float
    attainable: Mapping[str, float]

    @classmethod
    def fit(
        cls, schema: Schema, gold: GoldClassifier, train: pd.DataFrame, held_out: pd.DataFrame, seed: int = 42
    ) -> PlausibilityTests:
        """Fit on the rows that the gold classifier accepts.

        Parameters
        ----------
        schema : Schema
        gold : GoldClassifier
        train, held_out : DataFrame (n, any), (m, any)
            Encoded.
        seed : int
            Of the isolation forest.

        Raises
        ------
        InputError
            Too few of either are accepted.
        """
        columns = list(schema.columns)
        train, held_out = (rows.loc[gold.accepts(rows), columns] for rows in (train, held_out))
        if len(train) <= max(LOF_NEIGHBOURS) or len(held_out) <= NEIGHBOURS:
            raise InputError(
                f"plausibility needs more than {max(LOF_NEIGHBOURS)} accepted training rows and {NEIGHBOURS} accepted "
                f"held-out rows, got {len(train)} and {len(held_out)}"
            )
        lofs = {k: InlierTest(k).fit(train) for k in LOF_NEIGHBOURS}
        forest = IsolationForest(random_state=seed).fit(_matrix(train, columns))
        vectors = distance_vectors(schema, plain_numbers(schema, held_out))
        neighbours = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="manhattan").fit(vectors)
        own = float(neighbours.kneighbors()[0][:, -1].mean())  # without themselves
        tests = cls(schema, lofs, forest, neighbours, own, {})
        shares = {name: float(inside.mean()) for name, inside in tests.inliers(held_out).items()}
        return cls(schema, lofs, forest, neighbours, own, {**shares, "Neighbour_Distance": 1.0})

    def inliers(self, rows: pd.DataFrame) -> dict[str, np.ndarray]:
        """Figure -> whether each encoded row is an inlier, bool (B,); a row that has a NaN is none."""
        found = {f"LOF_{k}": lof.inliers(rows) for k, lof in self.lofs.items()}
        matrix = _matrix(rows, list(self.schema.columns))
        inside = ~np.isnan(matrix).any(axis=1)
        if inside.any():
            inside[inside] = self.forest.predict(matrix[inside]) == 1
        return {**found, "Isolation_Forest": inside}

    def neighbour_distance(self, rows: pd.DataFrame) -> np.ndarray:
        """Distance to the fifth nearest accepted held-out row, over ``own_distance``, (B,); NaN for one with a NaN.

        NaN for all where accepted held-out rows have five equals each.
        """
        numbers = plain_numbers(self.schema, rows)
        found = ~np.isnan(numbers).any(axis=1)
        result = np.full(len(rows), np.nan)
        if found.any() and self.own_distance > 0:
            distances, _ = self.neighbours.kneighbors(distance_vectors(self.schema, numbers[found]))
            result[found] = distances[:, -1] / self.own_distance
        return result


class Plausibility(Measure):
    """Shares of inliers among the accepted training rows: outlier factors of 5 and 20 neighbours, an isolation forest.

    Higher is better; from 0 to 1. A failure counts 0. ``tests.attainable`` has what accepted held-out rows have, which
    nothing beats but by answering with the rows themselves, or with the likeliest ones alone.

    Hyperparameters
    ---------------
    tests : PlausibilityTests
        Needed.
    """

    FAILURES_COUNT = True
    OPTIONS: ClassVar[Mapping[str, Option]] = {"tests": Option(kind=PlausibilityTests)}

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Columns ``LOF_5``, ``LOF_20`` and ``Isolation_Forest``: whether an inlier."""
        inside: Mapping[str, Any] = self._needed("tests", "PlausibilityTests.fit(...)").inliers(answers)
        return inside


class NeighbourDistance(Measure):
    """Distance to the fifth nearest accepted held-out row, over the mean that these rows have among themselves.

    Lower is better; from 0 to infinity. 1 is as near as accepted people are to each other. A failure is left out.

    Hyperparameters
    ---------------
    tests : PlausibilityTests
        Needed.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {"tests": Option(kind=PlausibilityTests)}

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Column ``Neighbour_Distance``."""
        tests = self._needed("tests", "PlausibilityTests.fit(...)")
        return {"Neighbour_Distance": tests.neighbour_distance(answers)}


def _matrix(rows: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return single_precision(rows, columns, "the isolation forest")
