"""The study of groups: who is one of few, and its table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.studies.groups.page import FIGURES, markdown
from benchmarks.studies.groups.study import FEW, measured
from benchmarks.studies.records import Plan
from carla_genre.errors import InputError
from carla_genre.protocol import prepare


def row(few: bool, people: int, score: float) -> dict[str, Any]:
    figures = {**dict.fromkeys(FIGURES, 0.5), "score": score}
    return {"gold": "forest", "method": "GenRe", "few": few, "people": people, **figures}


def test_a_group_is_the_mean_over_its_people_of_all_seeds() -> None:
    records = [
        {
            "settings": {"data": "hmda", "seed": seed, "factuals": 40},
            "figures": {"rows": rows},
        }
        for seed, rows in enumerate([[row(True, 10, 1.0), row(False, 30, 1.9)], [row(True, 30, 1.8)]])
    ]
    lines = markdown(records).splitlines()
    assert lines[2] == "| HMDA | forest | GenRe | 40 | 1.60 | 0.50 | 0.50 | 30 | 1.90 | 0.50 | 0.50 |"
    with pytest.raises(InputError, match="no records"):
        markdown([])


@pytest.mark.slow
def test_the_groups_are_by_the_accepted_rows_of_the_same_immutables(data_root: Path) -> None:
    setting = prepare("compas", 0, 30, data_root, rows=900)
    rows = list(measured(setting, "forest", Plan(rows=900, factuals=30, steps=10)))
    train, fixed = setting.data.df_train, setting.data.immutables
    sure = train[(train[setting.data.target] == 1) & (setting.mlmodel.predict_proba(train)[:, 1] > 0.7)]
    columns = [name for name in train if any(name.startswith(f"{feature}_") for feature in fixed)]
    counts = np.asarray(
        [(sure[columns] == person).all(axis=1).sum() for person in setting.factuals[columns].to_numpy()]
    )
    for method in ("GenRe", "GenRe, distilled"):
        people = {found["few"]: found["people"] for found in rows if found["method"] == method}
        few = int((counts < FEW).sum())
        assert people == {few_or_not: n for few_or_not, n in ((True, few), (False, 30 - few)) if n}
