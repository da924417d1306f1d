"""Score = Val + LOF - Cost / d, the paper's one figure for a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.evaluation.cost import cost
from carla_genre.evaluation.gold import GoldClassifier
from carla_genre.evaluation.lof import InlierTest
from carla_genre.evaluation.measure import Measure, aligned_frames
from carla_genre.evaluation.validity import soft_validity, valid
from carla_genre.evaluation.violations import Violations, violated, violations
from carla_genre.options import Option
from carla_genre.schema import Schema


@dataclass(frozen=True)
class Scores:
    """A method's figures over all factuals.

    A failure (a row with a NaN) is neither valid nor an inlier. The cost is the mean over the answered.

    Attributes
    ----------
    cost : float
        Mean L1 in the scaled space, not divided by d; NaN if nobody was answered.
    val, lof : float
        Shares of all factuals: accepted by the gold classifier, inlier.
    soft_val : float
        Mean gold probability, 0 for a failure.
    score : float
        val + lof - cost / d; NaN if nobody was answered.
    answered : float
        Share of all factuals.
    d : int
        Number of features.
    violations : Violations
    """

    cost: float
    val: float
    soft_val: float
    lof: float
    score: float
    answered: float
    d: int
    violations: Violations

    def to_dict(self) -> dict[str, Any]:
        """In JSON's types: None where a figure is not defined."""
        figures = {name: None if value != value else value for name, value in asdict(self).items()}
        return {**figures, "violations": self.violations._asdict()}


@dataclass(frozen=True)
class Judge:
    """The gold classifier and the test for inliers, which no method may see.

    Attributes
    ----------
    schema : Schema
        Of the classifier that the methods answer for.
    gold : GoldClassifier
        Fitted on the schema's columns.
    inlier_test : InlierTest
        Fitted on the rows that ``gold`` accepts.
    """

    schema: Schema
    gold: GoldClassifier
    inlier_test: InlierTest

    @classmethod
    def fit(
        cls, schema: Schema, rows: pd.DataFrame, labels: Any, seed: int = 42, n_jobs: int | None = None
    ) -> Judge:
        """Fit both on encoded rows, train and test pooled, and their original labels."""
        features = rows[list(schema.columns)]
        gold = GoldClassifier(seed, n_jobs).fit(features, labels)
        accepted = features[gold.accepts(features)]
        return cls(schema, gold, InlierTest().fit(accepted))

    def rows(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
        """Measure each answer, both frames encoded and matched as :func:`carla_genre.evaluation.measure.aligned` does.

        Returns
        -------
        DataFrame (B, 5)
            The factuals' index. ``cost`` and ``gold`` (its probability), NaN for a failure; ``answered``,
            ``inlier`` and ``violates`` (any constraint), False for a failure.
        """
        _, answers = aligned_frames(self.schema, factuals, counterfactuals)
        costs = cost(self.schema, factuals, answers)
        return pd.DataFrame(
            {
                "cost": costs,
                "gold": self.gold.probability(answers),
                "answered": ~np.isnan(costs),
                "inlier": self.inlier_test.inliers(answers),
                "violates": violated(self.schema, factuals, answers).any(axis=(0, 2)),
            },
            index=factuals.index,
        )

    def score(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> Scores:
        """Measure a method's answers: the means of :meth:`rows`."""
        return self.measure(factuals, counterfactuals)[0]

    def measure(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> tuple[Scores, pd.DataFrame]:
        """What :meth:`score` and :meth:`rows` give, the judges asked once."""
        if len(factuals) == 0:
            raise InputError("no factuals: a share of nobody is not defined")
        rows = self.rows(factuals, counterfactuals)
        mean_cost, d = float(rows["cost"].mean()), len(self.schema.features)
        val, lof = float(valid(rows["gold"]).mean()), float(rows["inlier"].mean())
        scores = Scores(
            cost=mean_cost,
            val=val,
            soft_val=soft_validity(rows["gold"]),
            lof=lof,
            score=val + lof - mean_cost / d,
            answered=float(rows["answered"].mean()),
            d=d,
            violations=violations(self.schema, factuals, counterfactuals),
        )
        return scores, rows


class Score(Measure):
    """The paper's Score = Val + LOF - Cost / d, with its parts.

    Higher is better; from minus infinity to 2. A failure is neither valid nor an inlier; the cost is the mean
    over the answers, so that Score is no mean over people.

    Hyperparameters
    ---------------
    judge : Judge
        Needed: fit it with :meth:`Judge.fit` on all rows and their original labels.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {"judge": Option(kind=Judge)}

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """The parts: ``Cost``, ``Val``, ``Soft_Val``, ``LOF``, ``Answered``."""
        rows = self._judge().rows(factuals, answers)
        return {
            "Cost": rows["cost"],
            "Val": valid(rows["gold"]),
            "Soft_Val": rows["gold"].fillna(0.0),
            "LOF": rows["inlier"],
            "Answered": rows["answered"],
        }

    def get_evaluation(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
        """Return columns ``Cost``, ``Val``, ``Soft_Val``, ``LOF``, ``Score``, ``Answered``, one row."""
        scores = self._judge().score(factuals, counterfactuals)
        names = ("Cost", "Val", "Soft_Val", "LOF", "Score", "Answered")
        return pd.DataFrame({name: [getattr(scores, name.lower())] for name in names})

    def _judge(self) -> Judge:
        judge: Judge = self._needed("judge", "Judge.fit(schema, rows, labels)")
        return judge
