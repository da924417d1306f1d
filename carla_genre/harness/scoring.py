"""What a record says of answers: the paper's figures, CARLA's, and what no table of either has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.blackbox import BlackBox
from carla_genre.evaluation.answered import answered
from carla_genre.evaluation.carla_measures import run_all_measures
from carla_genre.evaluation.diversity import diversity
from carla_genre.evaluation.future_validity import FutureValidity
from carla_genre.evaluation.invalidation import InvalidationRate
from carla_genre.evaluation.likelihood import Likelihood
from carla_genre.evaluation.measure import Measure, in_order_of
from carla_genre.evaluation.privacy import Privacy
from carla_genre.evaluation.sparsity import Sparsity
from carla_genre.evaluation.validity import Validity
from carla_genre.protocol import Setting
from carla_genre.protocol.retraining import retrained

from carla import Benchmark
from carla.recourse_methods.api import RecourseMethod

# How h is trained again -> the figure's name. Other rows, or other initial weights.
FUTURES = {"bootstrap": "future_validity_rows", "same": "future_validity_weights"}
# CARLA's own, of an answer each, and of all of them; its success rate and time are in a record already.
CARLA_ROWS = ("Distance_1", "Distance_2", "Distance_3", "Distance_4", "Constraint_Violation", "Redundancy")
CARLA_MEAN = "y-Nearest-Neighbours"


class GivenAnswers(RecourseMethod):
    """Answers that have been given: a second look at them costs no second search."""

    def __init__(self, mlmodel: BlackBox, answers: pd.DataFrame) -> None:
        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        self._answers = answers

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        return self._answers


class Scoring:
    """All figures of answers in one setting.

    h is trained again ``n_retrained`` times on other rows, and from other initial weights, for the future validity; not
    at all with 0. ``cache`` is the folder of those classifiers.
    """

    def __init__(self, setting: Setting, n_retrained: int, cache: str | None = None) -> None:
        self._setting = setting
        h = setting.mlmodel
        # Measure -> figure -> its name in a record.
        self._measures: list[tuple[Measure, Mapping[str, str]]] = [
            (Validity(h), _named("Validity")),
            (InvalidationRate(h), _named("Invalidation_Rate")),
            (Likelihood(h), _named("Log_Likelihood_Accepted", "Log_Likelihood_Denied")),
            (Sparsity(h), _named("Changed_Features")),
            (Privacy(h), _named("Copies", "Rare_Copies", "Closest_Distance", "Closest_Distance_Ratio")),
        ]
        for rows, name in FUTURES.items() if n_retrained else ():
            others = retrained(setting, n_retrained, rows=rows, cache=cache)  # type: ignore[arg-type]
            self._measures.append((FutureValidity(h, {"classifiers": others}), {"Future_Validity": name}))

    def __call__(self, answers: pd.DataFrame, candidates: np.ndarray | None = None) -> dict[str, Any]:
        """Figures of answers to the setting's factuals.

        Parameters
        ----------
        answers : DataFrame (B, any)
            Encoded; a row with a NaN is a failure.
        candidates : ndarray (B, N, D), optional
            Those that the answers were chosen from, for ``diversity``.

        Returns
        -------
        dict
            ``scores``, one number a figure; ``rows``, one number a figure and factual, NaN where a failure is left out.
            The mean of a row is its score, but for Score itself and CARLA's y-nearest-neighbours, which have no rows.
        """
        factuals = self._setting.factuals
        answers = in_order_of(factuals, answers)
        scores, rows = self._setting.judge.measure(factuals, answers)
        parts = [
            measure.rows(factuals, answers)[list(names)].rename(columns=names)
            for measure, names in self._measures
        ]
        if candidates is not None:
            found = diversity(self._setting.judge.schema, candidates)
            parts.append(pd.DataFrame({"diversity": found}, index=factuals.index))
        carla_rows, neighbours = self._carla(answers)
        further = pd.concat([*parts, carla_rows], axis=1).astype(float)
        return {
            "scores": {**scores.to_dict(), **further.mean().to_dict(), CARLA_MEAN.lower(): neighbours},
            "rows": pd.concat([rows, further], axis=1),
        }

    def _carla(self, answers: pd.DataFrame) -> tuple[pd.DataFrame, float]:
        """CARLA's own measures: (B, 6), NaN for a failure; and the mean over the answered."""
        h, factuals = self._setting.mlmodel, self._setting.factuals
        rows = pd.DataFrame(np.nan, factuals.index, list(_named(*CARLA_ROWS).values()))
        found = answered(answers)
        if not found.any():
            return rows, float("nan")
        # CARLA drops failures before it measures, so they are left out here and their rows kept.
        benchmark = Benchmark(h, GivenAnswers(h, answers[found]), factuals[found])
        figures = run_all_measures(benchmark, h)
        rows.loc[found] = figures[list(CARLA_ROWS)].to_numpy(dtype=float)
        return rows, float(figures[CARLA_MEAN].iloc[0])


def _named(*figures: str) -> dict[str, str]:
    """Figure of :data:`carla_genre.evaluation.FIGURES` -> its name in a record."""
    return {figure: figure.lower() for figure in figures}
