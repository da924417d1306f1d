"""The recipe's grids are valid, and their tables have a line a recipe."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.studies.recipe import page
from carla_genre.harness.grid import read_grid


def record(data: str, seed: int, label: str, score: float, seconds: float) -> dict[str, Any]:
    took = {"prepare": seconds, "answer": 0.1}
    return {
        "cell": {"data": data, "seed": seed, "label": label},
        "scores": {"score": score, "violations": {"rows": 0}},
        "report": {},
        "seconds": took,
        "cpu_seconds": took,
        "environment": {"hardware": {"gpu": None}},
    }


@pytest.mark.parametrize("grid", ["recipe", "goals"])
def test_grids_are_valid_and_have_a_quick_version(grid: str) -> None:
    file = page.FOLDER / f"{grid}.yaml"
    every = read_grid(file, False, (), (), ())
    assert len({cell.key for cell in every}) == len(every)  # no two recipes are the same
    assert 0 < len(read_grid(file, True, (), (), ())) < len(every)


def test_a_line_a_recipe_in_the_grids_order() -> None:
    records = [record("compas", seed, "default", 1.9 + seed / 100, 3.0 + seed) for seed in (0, 2)]
    records += [record("adult", 0, "50 steps", 1.7, 1.0)]
    lines = page.markdown(records, "recipe").splitlines()
    assert lines[0].split(" | ")[1:] == ["Adult: s", "Adult: Score", "COMPAS: s", "COMPAS: Score |"]
    of = {line.split(" | ")[0].removeprefix("| "): line for line in lines[2:]}
    assert of["default"] == "| default | - | - | 4.0 | 1.910 ± 0.014 |"
    assert of["50 steps"] == "| 50 steps | 1.0 | 1.700 | - | - |"
    assert list(of) == ["default", "50 steps"]  # no line of what nobody has measured
