"""GenRe and two of CARLA's methods through CARLA's Benchmark, on the same factuals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.demo.progress import quiet_carla
from carla_genre.evaluation.carla_measures import run_all_measures
from carla_genre.progress import bar

from carla import Benchmark
from carla.recourse_methods.api import RecourseMethod

# Minutes bound Wachter's search for a factual: after this time it seldom finds an answer.
WACHTER = {"lr": 0.02, "n_iter": 500, "t_max_min": 0.004, "loss_type": "BCE"}


class InParts(RecourseMethod):
    """A method that answers a few factuals at a time, so that a bar can show progress."""

    def __init__(self, method: RecourseMethod, part: int, advance: Callable[[int], None]) -> None:
        super().__init__(method._mlmodel)
        self._method, self._part, self._advance = method, part, advance
        self.answers: pd.DataFrame = pd.DataFrame()

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        parts = []
        for start in range(0, len(factuals), self._part):
            some = factuals.iloc[start : start + self._part]
            parts.append(self._method.get_counterfactuals(some).set_axis(some.index))
            self._advance(len(some))
        self.answers = pd.concat(parts)
        return self.answers


def carla_methods(mlmodel: Any) -> Mapping[str, Callable[[], RecourseMethod]]:
    """CARLA's methods that the demo compares with."""
    from carla.recourse_methods import GrowingSpheres, Wachter

    return {
        "GrowingSpheres": lambda: GrowingSpheres(mlmodel),
        "Wachter": lambda: Wachter(mlmodel, dict(WACHTER)),
    }


def benchmark(
    mlmodel: Any, method: RecourseMethod, name: str, factuals: pd.DataFrame, part: int
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Run CARLA's Benchmark, the released one or the repository head's.

    Returns
    -------
    answers : DataFrame (B, C)
    measures : dict
        CARLA's measures of them, means over the factuals.
    """
    state = np.random.get_state()
    np.random.seed(0)  # GrowingSpheres draws from the global state
    try:
        with quiet_carla(), bar(name, len(factuals), lines=True) as done:
            in_parts = InParts(method, part, done.advance)
            measured = run_all_measures(Benchmark(mlmodel, in_parts, factuals), mlmodel)
    finally:
        np.random.set_state(state)
    means = {str(column): float(value) for column, value in measured.mean(numeric_only=True).items()}
    return in_parts.answers, means
