"""The benchmark of causes: its models are what they say, and its table is what the records have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.causal.models import TRUTHS, CarlaModel
from benchmarks.causal.page import draw, markdown
from benchmarks.causal.study import METHODS, PARTS, Plan, measured, world
from carla_genre.causal import Equation
from carla_genre.errors import InputError


@pytest.mark.parametrize("name", TRUTHS)
def test_the_noise_that_an_equation_finds_is_the_one_that_was_drawn(name: str) -> None:
    truth = TRUTHS[name]
    rows, noise = truth.sample(300, 0)
    for effect, equation in (truth.causes.equations or {}).items():
        causes = rows[list(truth.causes.graph[effect])]
        if isinstance(equation, Equation):
            found = equation.noise(causes, rows[effect].to_numpy())
        else:
            found = rows[effect] - equation(causes)
        np.testing.assert_allclose(found, noise[effect], atol=1e-9)
    assert 0.2 < rows["y"].mean() < 0.8


def test_carried_out_actions_move_what_follows() -> None:
    truth = TRUTHS["linear"]
    rows, noise = truth.sample(50, 0)
    own = rows[truth.order]
    actions, acted = own.assign(x1=own["x1"] + 2), own != own
    states = truth.carried_out(own, noise, actions, acted)
    assert (states == own).all(axis=None)
    states = truth.carried_out(own, noise, actions, acted.assign(x1=True))
    np.testing.assert_allclose(states["x2"], own["x2"] - 2)
    np.testing.assert_allclose(states["x3"], own["x3"] + 0.05 * 2 + 0.25 * -2)


def test_carlas_interface_has_the_same_equations() -> None:
    model = CarlaModel(TRUTHS["additive"])
    assert model.get_parents("x3") == ["x1", "x2"] and model.get_non_descendents("x2") == {"x1"}
    equation = model.structural_equations_np["x3"]
    assert equation(0.5, 1.0, 2.0) == pytest.approx(-0.05 * 1.0 + 0.25 * 4.0 + 0.5)


@pytest.mark.slow
def test_a_method_that_is_told_the_equations_keeps_its_word() -> None:
    plan = Plan(rows=400, people=10, epochs=200)
    here = world(TRUTHS["linear"], 0, plan)
    for part in PARTS:
        row = measured(here, part, "NNR, true equations", 0, plan)
        assert row["said"] == row["after"] == row["consistent"] == 1 and row["apart"] < 1e-6


def record(seed: int) -> dict[str, Any]:
    figures = {"people": 10, "answered": 1.0, "said": 1.0, "after": 0.9 + seed / 100, "cost": 0.25}
    rows = [
        {"part": part, "label": label, **figures, "actions": 2.0, "consistent": 0.5}
        for part in PARTS
        for label in METHODS
    ]
    return {"settings": {"model": "linear", "seed": seed}, "figures": {"rows": rows}}


def test_a_line_a_method_and_a_picture(tmp_path: Any) -> None:
    records = [record(0), record(2)]
    lines = markdown(records, PARTS[0]).splitlines()
    assert lines[2] == "| linear | GenRe | 20 | 1.00 | 1.00 | 0.910 ± 0.014 | 0.25 | 2.00 | 0.50 |"
    assert len(lines) == 2 + len(METHODS) + 2 and lines[-1] == "Means over seeds 0, 2."
    with pytest.raises(InputError, match="no part 'nothing'"):
        markdown(records, "nothing")
    pytest.importorskip("matplotlib")
    assert all(page.stat().st_size > 1000 for page in draw(records, tmp_path / "figure"))
