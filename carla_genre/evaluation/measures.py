"""All figures: measure, definition, direction, range, and whether failures count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from carla_genre.evaluation.answered import Answered
from carla_genre.evaluation.cost import Cost
from carla_genre.evaluation.diversity import Diversity
from carla_genre.evaluation.future_validity import FutureValidity
from carla_genre.evaluation.invalidation import InvalidationRate
from carla_genre.evaluation.judges.plausibility import NeighbourDistance, Plausibility
from carla_genre.evaluation.likelihood import Likelihood
from carla_genre.evaluation.lof import LOF
from carla_genre.evaluation.measure import Measure
from carla_genre.evaluation.privacy import Privacy
from carla_genre.evaluation.score import Score
from carla_genre.evaluation.sparsity import Sparsity
from carla_genre.evaluation.validity import Validity
from carla_genre.evaluation.violations import ConstraintViolations

INFINITY = np.inf


@dataclass(frozen=True)
class Figure:
    """One column of what a measure returns.

    Attributes
    ----------
    measure : type of Measure, optional
        What gives it; None for CARLA's own, which :func:`carla_genre.evaluation.run_all_measures` gives.
    definition : str
        In a line.
    better : {"higher", "lower"}
        Direction.
    low, high : float
        Range, ends included.
    failures : {"count", "left out"}
        Whether a person without an answer counts against the method.
    """

    measure: type[Measure] | None
    definition: str
    better: Literal["higher", "lower"]
    low: float = 0
    high: float = INFINITY
    failures: Literal["count", "left out"] = "left out"

    @property
    def range(self) -> str:
        """As text: ``[0, 1]``, ``[0, inf)``."""
        left = f"[{self.low:g}" if self.low > -INFINITY else "(-inf"
        right = f"{self.high:g}]" if self.high < INFINITY else "inf)"
        return f"{left}, {right}"

    @property
    def tooltip(self) -> str:
        """Definition, direction and range in a line."""
        return f"{self.definition}; {self.better} is better; {self.range}"


# Column -> what it is.
FIGURES: Mapping[str, Figure] = {
    "Score": Figure(Score, "Val + LOF - Cost / D", "higher", -INFINITY, 2, "count"),
    "Val": Figure(Score, "share that the gold classifier accepts", "higher", 0, 1, "count"),
    "Soft_Val": Figure(Score, "mean probability of the gold classifier", "higher", 0, 1, "count"),
    "LOF": Figure(
        LOF, "share of inliers among the rows that the gold classifier accepts", "higher", 0, 1, "count"
    ),
    "LOF_5": Figure(
        Plausibility, "share of inliers of the accepted training rows, 5 neighbours", "higher", 0, 1, "count"
    ),
    "LOF_20": Figure(Plausibility, "the same with 20 neighbours", "higher", 0, 1, "count"),
    "Isolation_Forest": Figure(
        Plausibility, "share of inliers by an isolation forest of the same rows", "higher", 0, 1, "count"
    ),
    "Neighbour_Distance": Figure(
        NeighbourDistance,
        "distance to the fifth nearest accepted held-out row, over what these rows have themselves",
        "lower",
    ),
    "Cost": Figure(Cost, "sum of the changes in the scaled space, 1 a changed category", "lower"),
    "Validity": Figure(
        Validity, "share that h, or the judge that is given, accepts", "higher", 0, 1, "count"
    ),
    "Soft_Validity": Figure(Validity, "mean probability of acceptance by the same", "higher", 0, 1, "count"),
    "Future_Validity": Figure(
        FutureValidity, "share of classifiers trained again that accept", "higher", 0, 1, "count"
    ),
    "Invalidation_Rate": Figure(
        InvalidationRate, "share of noisy copies of the answer that h refuses", "lower", 0, 1
    ),
    "Log_Likelihood_Accepted": Figure(
        Likelihood, "log-density of the accepted class at the answer", "higher", -INFINITY
    ),
    "Log_Likelihood_Denied": Figure(
        Likelihood, "log-density of the denied class at the answer", "lower", -INFINITY
    ),
    "Changed_Features": Figure(Sparsity, "number of features that change", "lower"),
    "Changed_Share": Figure(Sparsity, "their share of all D features", "lower", 0, 1),
    "Diversity": Figure(Diversity, "mean cost between two of a person's candidates", "higher"),
    "Copies": Figure(Privacy, "share that equals a training row bit for bit", "lower", 0, 1),
    "Rare_Copies": Figure(Privacy, "share that equals one to four training rows bit for bit", "lower", 0, 1),
    "Closest_Distance": Figure(Privacy, "distance to the closest training row", "higher"),
    "Closest_Distance_Ratio": Figure(
        Privacy, "that distance, over the mean distance of held-out rows", "higher"
    ),
    "Answered": Figure(Answered, "share that has an answer", "higher", 0, 1, "count"),
    "Immutable_Violations": Figure(
        ConstraintViolations, "immutable features that are not the person's own, bit for bit", "lower"
    ),
    "One_Hot_Violations": Figure(ConstraintViolations, "categories that are none of their levels", "lower"),
    "Out_Of_Range_Violations": Figure(ConstraintViolations, "changed numbers outside their range", "lower"),
    "Direction_Violations": Figure(ConstraintViolations, "numbers that went the forbidden way", "lower"),
    "Rows_Violations": Figure(ConstraintViolations, "answers with any violation", "lower"),
    "Distance_1": Figure(None, "changed columns", "lower"),
    "Distance_2": Figure(None, "L1 distance over the columns", "lower"),
    "Distance_3": Figure(None, "squared L2 distance over the columns", "lower"),
    "Distance_4": Figure(None, "largest change of a column", "lower"),
    "Constraint_Violation": Figure(None, "changed immutable features", "lower"),
    "Redundancy": Figure(None, "changed columns that could be put back", "lower"),
    "y-Nearest-Neighbours": Figure(
        None, "share of the 5 nearest rows of the data that h accepts", "higher", 0, 1
    ),
    "Success_Rate": Figure(None, "share that has an answer", "higher", 0, 1, "count"),
    "Average_Time": Figure(None, "seconds a person", "lower", failures="count"),
}
