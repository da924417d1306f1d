"""The symptoms that carla_compat repairs in CARLA's Benchmark and measures; see method_symptoms.py."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
from toy_classifier import COLUMNS, HEAD, Toy, denied, numbers_only

import carla_genre  # noqa: F401 (before carla)

import carla.evaluation.process_nans as process_nans
from carla import Benchmark, RecourseMethod


class Backwards(RecourseMethod):
    """A user's method that keeps the labels and not the order, and numbers its answers where asked to."""

    def __init__(self, mlmodel, numbered: bool) -> None:
        super().__init__(mlmodel)
        self.numbered = numbered

    def get_counterfactuals(self, factuals):
        answers = factuals[COLUMNS].copy()
        answers["pay"] += 1.0
        return answers.reset_index(drop=True) if self.numbered else answers.iloc[::-1]


def distances(method: RecourseMethod) -> list[float]:
    benchmark = Benchmark(method._mlmodel, method, denied(method._mlmodel))
    if HEAD:
        from carla.evaluation.catalog import ConstraintViolation, Distance

        found = benchmark.run_benchmark([Distance(method._mlmodel), ConstraintViolation(method._mlmodel)])
        return found["L1_distance"].tolist()
    benchmark.compute_constraint_violation()
    return benchmark.compute_distances()["Distance_2"].tolist()


def benchmark_pairs_wrong_rows():
    try:
        found = [distances(Backwards(Toy(), numbered)) for numbered in (True, False)]
    except (KeyError, ValueError):
        return True
    return not np.allclose(found, 1.0)


def empty_rows_are_dropped_by_label():
    cfs = pd.DataFrame({"x": [1.0, np.nan, 3.0]}, index=["a", "a", "b"])
    factuals = pd.DataFrame({"x": [10.0, 20.0, 30.0]}, index=["a", "a", "b"])
    first = next(iter(inspect.signature(process_nans.remove_nans).parameters))
    frames = (factuals, cfs) if first == "factuals" else (cfs, factuals)
    kept = [frame["x"].tolist() for frame in process_nans.remove_nans(*frames)]
    return sorted(kept) != [[1.0, 3.0], [10.0, 30.0]]


def violations_need_equal_labels():
    if HEAD:
        from carla.evaluation.catalog.violations import constraint_violation
    else:
        from carla.evaluation.violations import constraint_violation
    model = Toy()
    model.data.immutables = ["age", "job"]
    factuals = denied(model)[COLUMNS]
    moved = factuals.reset_index(drop=True)
    moved.loc[1, "age"] += 1.0
    try:
        return constraint_violation(model.data, moved, factuals) != [[0], [1], [0], [0]]
    except ValueError:
        return True


def violations_need_columns_nobody_has():
    if HEAD:
        from carla.evaluation.catalog.violations import constraint_violation
    else:
        from carla.evaluation.violations import constraint_violation
    model = numbers_only()
    model.data.immutables = ["age", "job"]
    model.data.inverse_transform = lambda x: x.drop(columns=COLUMNS[2:]).assign(
        sex=x["sex_m"], job=x["job_x"]
    )
    factuals = model.data.df[COLUMNS[:2]].head(3)
    moved = factuals.copy()
    moved.iloc[1] += 1.0
    try:
        return constraint_violation(model.data, moved, factuals) != [[0], [1], [0]]
    except KeyError:
        return True
