"""CARLA's own measures and this package's, through whichever of CARLA's two interfaces is installed."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pandas as pd

from carla_genre.blackbox import BlackBox
from carla_genre.evaluation.measure import Measure

# What the repository head calls otherwise than the release.
_RELEASE_NAMES = {
    "L0_distance": "Distance_1",
    "L1_distance": "Distance_2",
    "L2_distance": "Distance_3",
    "Linf_distance": "Distance_4",
    "avg_time": "Average_Time",
}


def run_all_measures(benchmark: Any, mlmodel: BlackBox) -> pd.DataFrame:
    """Every measure that the release's ``Benchmark.run_benchmark()`` has, on the release and on the head.

    Parameters
    ----------
    benchmark : carla.Benchmark
        Built, so that its method has answered.
    mlmodel : carla.models.api.MLModel
        The classifier that it was built with.

    Returns
    -------
    DataFrame
        Under the release's names: Distance_1 to Distance_4 (changed columns, L1, squared L2, L-infinity in the
        encoded space), Constraint_Violation and Redundancy a counterfactual; y-Nearest-Neighbours, Success_Rate and
        Average_Time (seconds a factual) in the first row.
    """
    if not _takes_measures(benchmark):
        return benchmark.run_benchmark()
    catalog: Any = import_module("carla.evaluation.catalog")

    measures = [
        catalog.Distance(mlmodel),
        catalog.ConstraintViolation(mlmodel),
        catalog.Redundancy(mlmodel, {"cf_label": 1}),
        catalog.YNN(mlmodel, {"y": 5, "cf_label": 1}),
        catalog.SuccessRate(),
        catalog.AvgTime({"time": benchmark.timer}),
    ]
    return benchmark.run_benchmark(measures).rename(columns=_RELEASE_NAMES)


def run_measures(benchmark: Any, measures: Sequence[Measure]) -> pd.DataFrame:
    """Measures of this package on a ``Benchmark``: the head's ``run_benchmark(measures)``, on the release as well.

    Parameters
    ----------
    benchmark : carla.Benchmark
        Built, so that its method has answered.
    measures : sequence of Measure
        At least one.

    Returns
    -------
    DataFrame
        Their columns side by side; what has one row for all people has it in the first row.
    """
    if _takes_measures(benchmark):
        return benchmark.run_benchmark(measures)
    # The release has no way to ask for them.
    factuals, counterfactuals = benchmark._factuals, benchmark._counterfactuals
    figures = [measure.get_evaluation(factuals, counterfactuals) for measure in measures]
    return pd.concat(figures, axis=1)


def _takes_measures(benchmark: Any) -> bool:
    return "measures" in inspect.signature(benchmark.run_benchmark).parameters
