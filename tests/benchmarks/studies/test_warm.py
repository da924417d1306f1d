"""The study of warm starts: what it measures of a toy, and its table."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.studies.warm.page import markdown
from benchmarks.studies.warm.study import RULES, STARTS, Plan, measured
from carla_genre.errors import InputError


@pytest.mark.slow
def test_every_change_and_start_is_measured_by_both_rules() -> None:
    rows = list(measured("circles", 0, None, Plan(factuals=10, steps=10)))
    found = {(row["change"], row["start"], row["rule"]) for row in rows}
    assert len(found) == len(rows) == 3 * len(STARTS) * len(RULES)
    assert all(row["score"] > 0 and row["build_cpu_s"] > 0 for row in rows)
    assert all((row["loss"] is None) == (row["start"] == "the old one as it is") for row in rows)


def row(data: str, seed: int, start: str, score: float) -> dict[str, Any]:
    place = {"data": data, "seed": seed, "change": "another h", "start": start, "rule": "validity"}
    return {**place, "score": score, "build_cpu_s": 1.0 + seed}


def test_a_line_a_start_with_seconds_and_score() -> None:
    records = [
        {"figures": {"rows": [row("adult", seed, "anew", 1.8 + seed / 10) for seed in (0, 1)]}},
        {"figures": {"rows": [row("compas", 0, "anew", 1.9)]}},
    ]
    lines = markdown(records, "validity").splitlines()
    assert lines[0].split(" | ")[2:] == ["Adult: s", "Adult: Score", "COMPAS: s", "COMPAS: Score |"]
    assert lines[2] == "| another h | anew | 1.5 | 1.850 ± 0.071 | 1.0 | 1.900 |"
    assert lines[-1] == "Mean ± standard deviation over seeds 0, 1."
    with pytest.raises(InputError, match="no figures by the rule 'default'"):
        markdown(records, "default")
