"""What stands in the place of a part of the rule "expected"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import LocalOutlierFactor

from carla_genre.evaluation.score import Judge
from carla_genre.evaluation.validity import valid
from carla_genre.methods.core.training_rows import TrainingRows
from carla_genre.selection.calibration import Bootstrapped, Curve, Curves, bootstrap, fit_curves
from carla_genre.selection.expected_score import Chosen, ExpectedScore
from carla_genre.selection.selector import (
    PEOPLE,
    ExpectedChoice,
    Source,
    such_as_will_be_asked_about,
)
from carla_genre.selection.surrogate import NEIGHBOURS, SecondOpinion, moved_lines, space

# A number as a probability, as :class:`carla_genre.selection.calibration.Curve` is one that is fitted.
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
        return norm.cdf(numbers, self.centre, self.width)


def itself(numbers: np.ndarray) -> np.ndarray:
    """A number in [0, 1] taken for the probability that it is an estimate of."""
    return numbers


def with_curves(choice: ExpectedChoice, validity: Probability, inlier: Probability) -> ExpectedChoice:
    """The choice, its opinion's numbers read otherwise."""
    curves = Curves(cast(Curve, validity), cast(Curve, inlier))
    return choice._replace(rule=replace(choice.rule, curves=curves))


@dataclass(frozen=True)
class WithoutTerms(ExpectedScore):
    """The expected Score with a term, or both, left out: who is not needed is not asked."""

    has_validity: bool = True
    has_inlier: bool = True

    def _validity(self, rows: np.ndarray) -> np.ndarray:
        return super()._validity(rows) if self.has_validity else np.zeros(len(rows))

    def _inlier(self, rows: np.ndarray) -> np.ndarray:
        return super()._inlier(rows) if self.has_inlier else np.zeros(len(rows))


def without(choice: ExpectedChoice, has_validity: bool = True, has_inlier: bool = True) -> ExpectedChoice:
    """The choice without one of the terms, or both."""
    rule = WithoutTerms(**vars(choice.rule), has_validity=has_validity, has_inlier=has_inlier)
    return choice._replace(rule=rule)


@dataclass(frozen=True)
class Oracle(ExpectedScore):
    """The Score itself, by the judge: it sees what no method may see, and says what a choice could reach at most."""

    judge: Judge

    def _validity(self, rows: np.ndarray) -> np.ndarray:
        return valid(self.judge.gold.probability(self.schema.decode(rows))).astype(float)

    def _inlier(self, rows: np.ndarray) -> np.ndarray:
        return self.judge.inlier_test.inliers(self.schema.decode(rows)).astype(float)

    def _most_inlier(self) -> float:
        return 1.0


def oracle(choice: ExpectedChoice, judge: Judge) -> ExpectedChoice:
    """The choice that the judge would make."""
    return choice._replace(rule=Oracle(**vars(choice.rule), judge=judge))


@dataclass(frozen=True)
class Thresholds:
    """The cheapest candidate that passes three tests set by hand: h > .7, the forest > .8, an outlier factor < 1.2.

    Where none has h > .7, those with h > .5 count; where none passes both other tests, the cheapest that passes one.

    Attributes
    ----------
    choice : ExpectedChoice
        The opinion, and whether changes are taken back.
    """

    choice: ExpectedChoice

    def choose(self, values: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> Chosen:
        """As :meth:`ExpectedChoice.choose`; a test that is passed outweighs any cost."""
        ranked = with_curves(self.choice, Step(0.8, 10.0), Step(-1.2, 10.0))
        ranked = ranked._replace(rule=replace(ranked.rule, gamma=0.7))
        return ranked.choose(values, candidates, scores)


def beside_labelled_rows(choice: ExpectedChoice, rows: TrainingRows, gamma: float) -> ExpectedChoice:
    """The outlier factor of D_h+ instead of the rows that the forest accepts out of bag."""
    opinion = choice.rule.opinion
    points = space(choice.rule.schema, rows.values[rows.accepted(gamma)])
    lof = LocalOutlierFactor(n_neighbors=NEIGHBOURS, novelty=True).fit(points)
    return choice._replace(rule=replace(choice.rule, opinion=replace(opinion, neighbourhoods=(lof,))))


def with_one_neighbourhood(
    choice: ExpectedChoice, rows: TrainingRows, source: Source, seed: int
) -> ExpectedChoice:
    """One outlier factor, among the rows that the forest accepts out of bag by a line that is not moved."""

    def at_the_line(opinion: SecondOpinion) -> SecondOpinion:
        accepted = opinion.forest.oob_decision_function_[None, :, 1] > 0.5
        return opinion.around(
            opinion.forest, opinion.learnt["rows"], opinion.learnt["labels"], accepted, opinion.seed
        )

    world = bootstrap(space(source.schema, rows.values), rows.labels, seed)
    opinions = [at_the_line(opinion) for opinion in world.opinions]
    curves = _curves(Bootstrapped(world.truth, opinions), rows, source, seed)
    return choice._replace(rule=replace(choice.rule, opinion=at_the_line(choice.rule.opinion), curves=curves))


class Boosted(SecondOpinion):
    """Gradient boosting in the place of the forest, and the rows that it accepts out of fold: no kin of the judge."""

    @classmethod
    def fit(cls, rows: np.ndarray, labels: np.ndarray, seed: int, n_jobs: int | None = None) -> SecondOpinion:
        """As :meth:`SecondOpinion.fit`, with scikit-learn's own values."""
        model = HistGradientBoostingClassifier(early_stopping=True, random_state=seed)
        out_of_fold = cross_val_predict(model, rows, labels, cv=5, method="predict_proba")[:, 1]
        return cls.around(model.fit(rows, labels), rows, labels, moved_lines(out_of_fold, seed), seed)


def boosted(choice: ExpectedChoice, rows: TrainingRows, source: Source, seed: int) -> ExpectedChoice:
    """The choice by :class:`Boosted`, with curves of its own on answers of the source.

    The world of the bootstrap stays: labels drawn again from a forest grown in full.
    """
    points = space(source.schema, rows.values)
    world = bootstrap(points, rows.labels, seed)
    opinions = [Boosted.fit(points, forest.learnt["labels"], forest.seed) for forest in world.opinions]
    curves = _curves(Bootstrapped(world.truth, opinions), rows, source, seed)
    rule = ExpectedScore(
        source.schema, Boosted.fit(points, rows.labels, seed), curves, source.h, source.gamma
    )
    return choice._replace(rule=rule)


class Marginless(Bootstrapped):
    """A world in which an answer is valid where the truth is above one half, however little."""

    def right(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether points (n, W) are valid, and inliers: two bool (n,)."""
        return self.truth.validity(points) > 0.5, super().right(points)[1]


def without_margin(choice: ExpectedChoice, rows: TrainingRows, source: Source, seed: int) -> ExpectedChoice:
    """The choice with curves of a :class:`Marginless` world."""
    world = Marginless(*bootstrap(space(source.schema, rows.values), rows.labels, seed))
    return choice._replace(rule=replace(choice.rule, curves=_curves(world, rows, source, seed)))


def _curves(world: Bootstrapped, rows: TrainingRows, source: Source, seed: int) -> Curves:
    """On such answers as :func:`carla_genre.selection.selector.expected_choice` fits them on."""
    denied, random = rows.values[(rows.scores <= 0.5) & (rows.labels == 0)], np.random.default_rng(seed)
    asked = such_as_will_be_asked_about(source, random.permutation(denied)[:PEOPLE], random)
    return fit_curves(world, space(source.schema, asked))
