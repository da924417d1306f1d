"""What stands in the place of a part of the rule "expected"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_predict

from carla_genre.evaluation.score import Judge
from carla_genre.evaluation.validity import valid
from carla_genre.methods.genre.hyperparameters import MANY
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection.calibration import (
    BootstrapWorld,
    Calibration,
    LogisticCurve,
    bootstrap,
    calibrate,
)
from carla_genre.selection.expected_score import ExpectedScore, ScoredAnswers
from carla_genre.selection.selector import (
    CALIBRATION_CANDIDATES,
    CALIBRATION_FACTUALS,
    CandidateSource,
    ExpectedScoreSelector,
    calibration_rows,
)
from carla_genre.selection.surrogate import (
    SurrogateJudge,
    above_moved_thresholds,
    points_of,
)

# A number as a probability, as :class:`carla_genre.selection.calibration.LogisticCurve` is one that is fitted.
Probability = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Step:
    """0 up to a bound, ``height`` above it."""

    bound: float
    height: float = 1.0

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        """0 or the height."""
        return self.height * (numbers > self.bound)


@dataclass(frozen=True)
class SoftStep:
    """The normal distribution's rise around a centre."""

    centre: float
    width: float

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        """Phi((number - centre) / width)."""
        shares: np.ndarray = norm.cdf(numbers, self.centre, self.width)
        return shares


def itself(numbers: np.ndarray) -> np.ndarray:
    """A number in [0, 1] taken for the probability that it is an estimate of."""
    return numbers


def with_curves(
    choice: ExpectedScoreSelector, validity: Probability, inlier: Probability
) -> ExpectedScoreSelector:
    """The choice, its judge's numbers read otherwise."""
    curves = Calibration(cast(LogisticCurve, validity), cast(LogisticCurve, inlier))
    return replace(choice, objective=replace(choice.objective, calibration=curves))


def _parts(objective: ExpectedScore) -> dict[str, Any]:
    return {field.name: getattr(objective, field.name) for field in fields(objective)}


@dataclass(frozen=True)
class WithoutTerms(ExpectedScore):
    """The expected Score with a term, or both, left out: who is not needed is not asked."""

    has_validity: bool = True
    has_inlier: bool = True

    def validity(self, rows: np.ndarray) -> np.ndarray:
        return super().validity(rows) if self.has_validity else np.zeros(len(rows))

    def inlier(self, rows: np.ndarray) -> np.ndarray:
        return super().inlier(rows) if self.has_inlier else np.zeros(len(rows))


def without(
    choice: ExpectedScoreSelector, has_validity: bool = True, has_inlier: bool = True
) -> ExpectedScoreSelector:
    """The choice without one of the terms, or both."""
    rule = WithoutTerms(**_parts(choice.objective), has_validity=has_validity, has_inlier=has_inlier)
    return replace(choice, objective=rule)


@dataclass(frozen=True, kw_only=True)
class Oracle(ExpectedScore):
    """The Score itself, by the judge: it sees what no method may see, and says what a choice could reach at most."""

    real_judge: Judge

    def validity(self, rows: np.ndarray) -> np.ndarray:
        return valid(self.real_judge.gold.probability(self.schema.decode(rows))).astype(float)

    def inlier(self, rows: np.ndarray) -> np.ndarray:
        return self.real_judge.inlier_test.inliers(self.schema.decode(rows)).astype(float)

    def most_inlier(self) -> float:
        return 1.0


def oracle(choice: ExpectedScoreSelector, judge: Judge) -> ExpectedScoreSelector:
    """The choice that the judge would make."""
    return replace(choice, objective=Oracle(**_parts(choice.objective), real_judge=judge))


@dataclass(frozen=True)
class Thresholds:
    """The cheapest candidate that passes three tests set by hand: h > .7, the forest > .8, an outlier factor < 1.2.

    Where none has h > .7, those with h > .5 count; where none passes both other tests, the cheapest that passes one.

    Attributes
    ----------
    choice : ExpectedScoreSelector
        The judge, and whether changes are reverted.
    """

    choice: ExpectedScoreSelector

    def select(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> ScoredAnswers:
        """As :meth:`ExpectedScoreSelector.select`; a test that is passed outweighs any cost."""
        ranked = with_curves(self.choice, Step(0.8, 10.0), Step(-1.2, 10.0))
        ranked = replace(ranked, objective=replace(ranked.objective, gamma=0.7))
        return ranked.select(values, candidates, scores)


def beside_labelled_rows(
    choice: ExpectedScoreSelector, rows: TrainingRows, gamma: float
) -> ExpectedScoreSelector:
    """The outlier factor of D_h+ instead of the rows that the forest accepts out of bag."""
    judge = choice.objective.judge
    labelled = rows.accepted(gamma)[None]
    alone = SurrogateJudge(judge.rows, judge.labels, labelled, judge.seed, forest=judge.forest)
    return replace(choice, objective=replace(choice.objective, judge=alone))


def with_one_neighbourhood(
    choice: ExpectedScoreSelector, rows: TrainingRows, source: CandidateSource, seed: int
) -> ExpectedScoreSelector:
    """One outlier factor, among the rows that the forest accepts out of bag by a line that is not moved."""

    def at_the_line(judge: SurrogateJudge) -> SurrogateJudge:
        accepted = judge.forest.out_of_bag()[None] > 0.5
        return SurrogateJudge(judge.rows, judge.labels, accepted, judge.seed, forest=judge.forest)

    world = bootstrap(points_of(source.schema, rows.values), rows.labels, seed)
    judges = [at_the_line(judge) for judge in world.judges]
    curves = _curves(BootstrapWorld(world.truth, judges), rows, source, seed)
    return replace(
        choice,
        objective=replace(choice.objective, judge=at_the_line(choice.objective.judge), calibration=curves),
    )


class Boosted(SurrogateJudge):
    """Gradient boosting in the place of the forest, and the rows that it accepts out of fold: no kin of the judge."""

    @classmethod
    def fit(
        cls, rows: np.ndarray, labels: np.ndarray, seed: int, n_jobs: int | None = None
    ) -> SurrogateJudge:
        """As :meth:`SurrogateJudge.fit`, with scikit-learn's own values."""
        model = HistGradientBoostingClassifier(early_stopping=True, random_state=seed)
        out_of_fold = cross_val_predict(model, rows, labels, cv=5, method="predict_proba")[:, 1]
        accepted = above_moved_thresholds(out_of_fold, seed)
        model.fit(rows, labels)
        return cls(rows, labels, accepted, seed, forest=lambda points: model.predict_proba(points)[:, 1])


def boosted(
    choice: ExpectedScoreSelector, rows: TrainingRows, source: CandidateSource, seed: int
) -> ExpectedScoreSelector:
    """The choice by :class:`Boosted`, with curves of its own on answers of the source.

    The world of the bootstrap stays: labels drawn again from a forest grown in full.
    """
    points = points_of(source.schema, rows.values)
    world = bootstrap(points, rows.labels, seed)
    judges = [Boosted.fit(points, forest.labels, forest.seed) for forest in world.judges]
    curves = _curves(BootstrapWorld(world.truth, judges), rows, source, seed)
    judge = Boosted.fit(points, rows.labels, seed)
    return replace(choice, objective=replace(choice.objective, judge=judge, calibration=curves))


class Marginless(BootstrapWorld):
    """A world in which an answer is valid where the truth is above one half, however little."""

    def right(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether points (n, W) are valid, and inliers: two bool (n,)."""
        return self.truth.validity(points) > 0.5, super().right(points)[1]


def without_margin(
    choice: ExpectedScoreSelector, rows: TrainingRows, source: CandidateSource, seed: int
) -> ExpectedScoreSelector:
    """The choice with curves of a :class:`Marginless` world."""
    world = Marginless(*bootstrap(points_of(source.schema, rows.values), rows.labels, seed))
    return replace(
        choice, objective=replace(choice.objective, calibration=_curves(world, rows, source, seed))
    )


def _curves(world: BootstrapWorld, rows: TrainingRows, source: CandidateSource, seed: int) -> Calibration:
    """On such answers as :meth:`ExpectedScoreSelector.fit` fits them on."""
    random = np.random.default_rng(seed)
    factuals = random.permutation(rows.values[rows.denied()])[:CALIBRATION_FACTUALS]
    sampling = replace(MANY, n_samples=CALIBRATION_CANDIDATES)
    return calibrate(world, points_of(source.schema, calibration_rows(source, factuals, sampling, random)))
