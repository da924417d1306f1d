"""`Recourse` among CARLA's methods: encoded factuals in, its answers encoded out."""

from __future__ import annotations

from typing import Any

import pandas as pd

from carla_genre.blackbox import BlackBox, model_probability
from carla_genre.demo.data import DemoData
from carla_genre.recourse import Recourse

from carla.recourse_methods.api import RecourseMethod


def train_recourse(data: DemoData, mlmodel: BlackBox, seed: int, hyperparams: dict[str, Any]) -> Recourse:
    """Train GenRe on the table for CARLA's classifier, which is a function of rows in original units here."""
    catalog = data.catalog

    def classifier(rows: pd.DataFrame) -> Any:
        return model_probability(mlmodel, catalog.transform(rows))

    return Recourse(
        classifier,
        data.table,
        catalog.target,
        desired=1,
        constraints=data.constraints,
        categorical=catalog.categorical,
        continuous=catalog.continuous,
        scale="range",  # costs as CARLA has them
        seed=seed,
        hyperparams=hyperparams,
    )


class RecourseOnFrames(RecourseMethod):
    """The best option of each factual as a CARLA method gives it."""

    def __init__(self, mlmodel: BlackBox, recourse: Recourse) -> None:
        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        self._recourse = recourse

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """Encoded factuals (B, C) -> answers (B, C), NaN where there is none."""
        catalog, columns = self._mlmodel.data, list(self._mlmodel.feature_input_order)
        found = self._recourse.recommend(catalog.inverse_transform(factuals))
        return catalog.transform(found.rows)[columns].reindex(factuals.index)
