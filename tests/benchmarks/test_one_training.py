"""Figure 4's CRUD: cells that differ in lambda alone share one training, and answer as if each had trained its own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.paper.one_training import METHOD, WEIGHT, OneTraining
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.measure import measure

QUICK = {"max_iter": 100, "lr": 0.1, "vae_params": {"epochs": 20, "lr": 0.01, "layers": [16, 4]}}


def cell(weight: float, seed: int = 3) -> Cell:
    hyperparams = {**QUICK, WEIGHT: weight}
    return Cell(
        "compas", seed, f"CRUD, lambda {weight:g}", METHOD, hyperparams, 10, None, None, 0, answers=True
    )


@pytest.mark.usefixtures("small_paper")
def test_cells_of_other_lambdas_answer_as_if_each_had_trained(tmp_path: Path) -> None:
    paths, measured = Paths(cache=str(tmp_path)), OneTraining()
    records = [measured(cell(weight), paths) for weight in (0.01, 10.0)]
    anew = [measure(cell(weight), paths) for weight in (0.01, 10.0)]
    for shared, own in zip(records, anew, strict=True):
        assert shared["answers"] == own["answers"] and shared["scores"] == own["scores"]
        assert shared["hyperparams"] == own["hyperparams"] and shared["key"] == own["key"]
    assert records[0]["answers"] != records[1]["answers"] and any(records[0]["answers"])
    assert [record["trained_for"] for record in records] == ["CRUD, lambda 0.01"] * 2
    assert records[0]["cpu_seconds"]["prepare"] == records[1]["cpu_seconds"]["prepare"] > 0


@pytest.mark.usefixtures("small_paper")
def test_another_seed_or_another_training_trains_again(tmp_path: Path) -> None:
    paths, measured = Paths(cache=str(tmp_path)), OneTraining()
    other = {"epochs": 5, "layers": [16, 4]}
    measured(cell(1.0), paths)
    longer = replace(cell(10.0), hyperparams={**cell(10.0).hyperparams, "vae_params": other})
    for changed in (cell(10.0, seed=4), longer):
        record = measured(changed, paths)
        assert record["trained_for"] == changed.label
        assert record["answers"] == measure(changed, paths)["answers"]


@pytest.mark.usefixtures("small_paper")
def test_a_failure_is_recorded_and_the_next_cell_trains_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CF_MODELS", str(tmp_path / "own"))
    paths, measured = Paths(cache=str(tmp_path)), OneTraining()
    wrong = replace(cell(1.0), hyperparams={**QUICK, WEIGHT: -1.0})
    assert "lambda_param" in measured(wrong, paths)["error"]["message"]
    assert measured(cell(5.0), paths)["trained_for"] == "CRUD, lambda 5"
    assert os.environ["CF_MODELS"] == str(tmp_path / "own") and not (tmp_path / "own").exists()
