"""Measures of recourse: gold classifier, LOF, Score, and what they are made of.

Each measure is a plain function on frames, in the module of its name, and a class for
``Benchmark.run_benchmark([...])`` of CARLA's repository head: ``Measure(mlmodel, hyperparameters=None)`` with
``get_evaluation(factuals, counterfactuals)``.
"""

from carla_genre.evaluation.carla_measures import run_all_measures
from carla_genre.evaluation.cost import Cost, feature_changes
from carla_genre.evaluation.gold import GoldClassifier, draw_labels
from carla_genre.evaluation.lof import InlierTest
from carla_genre.evaluation.measure import Measure
from carla_genre.evaluation.score import Judge, Score, Scores
from carla_genre.evaluation.validity import Validity, model_probability, soft_validity, valid
from carla_genre.evaluation.violations import ConstraintViolations, Violations

__all__ = [
    "ConstraintViolations",
    "Cost",
    "GoldClassifier",
    "InlierTest",
    "Judge",
    "Measure",
    "Score",
    "Scores",
    "Validity",
    "Violations",
    "draw_labels",
    "feature_changes",
    "model_probability",
    "run_all_measures",
    "soft_validity",
    "valid",
]
