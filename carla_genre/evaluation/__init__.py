"""Measures of recourse, one in each module.

A measure is a function on frames, and a class for ``Benchmark.run_benchmark([...])`` of CARLA's repository head:
``Measure(mlmodel, hyperparameters=None)``. Its ``rows(factuals, counterfactuals)`` measures each answer,
``get_evaluation(factuals, counterfactuals)`` all of them. ``FIGURES`` has the definition, direction and range of each.
"""

from carla_genre.evaluation.answered import Answered, answered
from carla_genre.evaluation.carla_measures import run_all_measures, run_measures
from carla_genre.evaluation.cost import Cost, feature_changes
from carla_genre.evaluation.diversity import Diversity, diversity
from carla_genre.evaluation.future_validity import FutureValidity, accepted_by
from carla_genre.evaluation.gold import GoldClassifier, draw_labels
from carla_genre.evaluation.invalidation import InvalidationRate, invalidation_rate
from carla_genre.evaluation.judges.gold_kinds import GOLD_KINDS, OtherGold
from carla_genre.evaluation.judges.plausibility import NeighbourDistance, Plausibility, PlausibilityTests
from carla_genre.evaluation.likelihood import ClassDensities, Likelihood, MixedDensity
from carla_genre.evaluation.lof import LOF, InlierTest
from carla_genre.evaluation.measure import Measure
from carla_genre.evaluation.measures import FIGURES, Figure
from carla_genre.evaluation.privacy import Privacy, TrainingRows
from carla_genre.evaluation.score import Judge, Score, Scores
from carla_genre.evaluation.sparsity import Sparsity, changed_features, sparsity
from carla_genre.evaluation.validity import Validity, soft_validity, valid
from carla_genre.evaluation.violations import ConstraintViolations, Violations

__all__ = [
    "FIGURES",
    "GOLD_KINDS",
    "LOF",
    "Answered",
    "ClassDensities",
    "ConstraintViolations",
    "Cost",
    "Diversity",
    "Figure",
    "FutureValidity",
    "GoldClassifier",
    "InlierTest",
    "InvalidationRate",
    "Judge",
    "Likelihood",
    "Measure",
    "MixedDensity",
    "NeighbourDistance",
    "OtherGold",
    "Plausibility",
    "PlausibilityTests",
    "Privacy",
    "Score",
    "Scores",
    "Sparsity",
    "TrainingRows",
    "Validity",
    "Violations",
    "accepted_by",
    "answered",
    "changed_features",
    "diversity",
    "draw_labels",
    "feature_changes",
    "invalidation_rate",
    "run_all_measures",
    "run_measures",
    "soft_validity",
    "sparsity",
    "valid",
]
