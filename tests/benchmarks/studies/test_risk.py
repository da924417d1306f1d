"""The study of stated risks: its world, what it measures, and its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.studies.risk.__main__ import main
from benchmarks.studies.risk.page import markdown
from benchmarks.studies.risk.world import World
from carla_genre.errors import InputError


@pytest.mark.parametrize("name", ["rough", "learned-by-heart"])
def test_labels_are_as_likely_as_the_world_says(name: str) -> None:
    world = World(name, 3)
    rows = world.frame(20_000, np.random.default_rng(0))
    probability = world.probability(rows)
    for low in np.arange(0.1, 0.9, 0.2):
        here = (probability >= low) & (probability < low + 0.2)
        assert abs(rows["label"][here].mean() - probability[here].mean()) < 0.02


def record(data: str, seed: int, wrong: float) -> dict[str, Any]:
    row = {"samples": 15, "risk": 0.05, "people held out": 100 + seed, "wrong": wrong, "given": 0.5}
    row |= {"wrong without": 0.2, "given without": 1.0}
    return {"settings": {"data": data, "seed": seed, "factuals": 300}, "figures": {"rows": [row]}}


def test_a_line_a_world_with_the_standard_error() -> None:
    records = [record("rough", 0, 0.02), record("rough", 1, 0.04), record("compas", 0, 0.0)]
    lines = markdown(records, "known").splitlines()
    assert lines[2] == "| rough | 0 to 1 | 15 | 0.030 ± 0.010 | 0.50 | 0.200 | 1.00 |"
    assert lines[-1].endswith("300 people who ask each, bounds found on 100 to 101 people.")
    assert markdown(records, "real").splitlines()[2].startswith("| COMPAS | 0 | 15 | 0.000 |")
    with pytest.raises(InputError, match="no figures of 'real'"):
        markdown(records[:2], "real")


@pytest.mark.slow
def test_a_small_run_is_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--quick", "--data", "learned-by-heart", "--results", str(tmp_path)]
    assert main(given) == 0
    (path,) = tmp_path.iterdir()
    assert len(capsys.readouterr().out.splitlines()) == 3
    before = path.read_bytes()
    assert main(given) == 0 and path.read_bytes() == before
    assert not capsys.readouterr().out
    assert main([*given, "--data", "nowhere"]) == 2
