"""A cell's measurement: the harness's, and the plausibility of its answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from carla_genre.evaluation.judges.plausibility import NeighbourDistance, Plausibility, PlausibilityTests
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.measure import measure, setting_of
from carla_genre.harness.record import failure
from carla_genre.protocol import Setting
from carla_genre.protocol.cache import content_key, remembered

MEASURES = (Plausibility, NeighbourDistance)


def measure_or_fail(cell: Cell, paths: Paths, *_: Any) -> dict[str, Any]:
    """The record of a cell with ``plausibility`` and ``attainable``, or of its failure; further arguments are ignored.

    ``plausibility`` has the figures of the answers as they are, ``attainable`` those of the accepted held-out rows.
    """
    try:
        record = measure(cell, paths)
        setting = setting_of(cell, paths)
        columns = record["features"]
        gap = [np.nan] * len(columns)
        answers = pd.DataFrame([row or gap for row in record.pop("answers")], columns=columns, dtype=float)
        record.pop("factuals")  # the records stay small
        return record | plausibility(setting, answers.set_axis(setting.factuals.index))
    except Exception as error:  # the record reports whatever a method raises
        return failure(cell, error)


def plausibility(setting: Setting, answers: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """The figures of answers to the setting's factuals, by their names, and what is attainable; None for no figure."""
    data = setting.data

    def fit() -> PlausibilityTests:
        return PlausibilityTests.fit(setting.judge.schema, setting.gold, data.df_train, data.df_test)

    features = list(setting.judge.schema.columns)
    accepted = setting.gold.accepts(data.df_test)
    tests = remembered(content_key("gold", data.df_train[features], data.df_test[features], accepted), fit)
    found = {
        str(name): None if values.isna().all() else float(values.mean())
        for measure in MEASURES
        for name, values in measure(setting.mlmodel, {"tests": tests})
        .rows(setting.factuals, answers)
        .astype(float)
        .items()
    }
    return {"plausibility": found, "attainable": dict(tests.attainable)}
