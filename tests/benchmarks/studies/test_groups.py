"""The study of groups: who is of which group, and its table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.studies.groups.page import FIGURES, markdown
from benchmarks.studies.groups.study import GROUPS, measured
from benchmarks.studies.records import Plan
from carla_genre.errors import InputError
from carla_genre.protocol import prepare


def row(peers: str, people: int, score: float) -> dict[str, Any]:
    figures = {**dict.fromkeys(FIGURES, 0.5), "score": score}
    return {"gold": "forest", "method": "GenRe", "peers": peers, "people": people, **figures}


def test_a_group_is_the_mean_over_its_people_of_all_seeds() -> None:
    records = [
        {
            "settings": {"data": "hmda", "seed": seed, "factuals": 40},
            "figures": {"rows": rows},
        }
        for seed, rows in enumerate([[row("none", 10, 1.0), row("many", 30, 1.9)], [row("none", 30, 1.8)]])
    ]
    lines = markdown(records).splitlines()
    assert (
        lines[2]
        == "| HMDA | forest | GenRe | 40 | 1.60 | 0.50 | 0.50 | 0 | - | - | - | 30 | 1.90 | 0.50 | 0.50 |"
    )
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
        people = {found["peers"]: found["people"] for found in rows if found["method"] == method}
        expected = {
            group: int(sum(n in numbers for n in counts.tolist())) for group, numbers in GROUPS.items()
        }
        assert people == {group: n for group, n in expected.items() if n}
