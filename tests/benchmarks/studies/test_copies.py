"""The study of copies: its table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.studies.copies.page import COLUMNS, markdown
from benchmarks.studies.copies.study import Plan, measured
from carla_genre.errors import InputError
from carla_genre.protocol import prepare


def row(copies: bool, score: float) -> dict[str, Any]:
    return {"copies": copies, **dict.fromkeys(COLUMNS, 0.5), "score": score}


def test_a_line_with_copies_and_one_without() -> None:
    records = [
        {
            "settings": {"data": "compas", "seed": seed, "factuals": 200},
            "figures": {"rows": [row(True, 1.9 + seed / 10), row(False, 1.8)]},
        }
        for seed in (0, 1)
    ]
    lines = markdown(records).splitlines()
    assert lines[2].startswith("| COMPAS | `True` | 1.950 ± 0.071 | 0.50 ± 0.00 |")
    assert lines[3].startswith("| COMPAS | `False` | 1.800 ± 0.000 |")
    assert "seeds (COMPAS 0, 1), 200 people" in lines[-1]
    with pytest.raises(InputError, match="no records"):
        markdown([])


@pytest.mark.slow
def test_without_copies_there_are_none_of_few_people(data_root: Path) -> None:
    setting = prepare("compas", 0, 10, data_root, rows=600)
    free, careful = measured(setting, Plan(rows=600, factuals=10, steps=10))
    assert free["copies"] and not careful["copies"] and careful["Rare_Copies"] == 0
    assert free["answered"] > 0 and careful["answered"] > 0
