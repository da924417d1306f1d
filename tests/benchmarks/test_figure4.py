"""Figure 4: means and spread over seeds, the paper's points where it has them, and table 3's cells for GenRe."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.paper import figure4
from benchmarks.paper.command import NOT_MEASURED
from benchmarks.paper.published import published
from carla_genre.harness import read_grid
from carla_genre.harness.record import write_record

pytest.importorskip("matplotlib")

GRID = Path(figure4.__file__).with_suffix(".yaml")


def record(label: str, data: str = "compas", seed: int = 0, **scores: float) -> dict[str, Any]:
    cell = {"data": data, "label": label, "seed": seed, "n_factuals": 200, "rows": None}
    return {
        "cell": cell,
        "key": f"{label}{data}{seed}",
        "scores": {
            "cost": 0.7,
            "d": 7,
            "soft_val": 0.8,
            "val": 0.9,
            "lof": 0.6,
            "violations": {"rows": 0},
            **scores,
        },
        "cpu_seconds": {"prepare": 1.0, "answer": 1.0},
        "environment": {"hardware": {"gpu": None}},
    }


def failed(label: str, kind: str, seed: int = 0) -> dict[str, Any]:
    message = "no memory left" if kind != NOT_MEASURED else "the command"
    return {**record(label, seed=seed), "error": {"type": kind, "message": message}}


def every(*seeds: int) -> list[dict[str, Any]]:
    """Every point of two data sets, no two alike."""
    labels = enumerate(figure4.POINTS)
    return [
        record(
            label,
            data,
            seed,
            cost=0.3 + 0.2 * place + 0.1 * seed,
            soft_val=0.05 * place + 0.01 * seed,
            lof=0.9,
        )
        for place, label in labels
        for data in ("compas", "adult")
        for seed in seeds
    ]


def test_points_are_means_over_seeds_and_bars_their_deviation() -> None:
    costs, likely = (0.7, 1.4, 2.1), (0.2, 0.5, 0.8)
    records = [
        record("CRUD, lambda 2.5", seed=seed, cost=cost, soft_val=value)
        for seed, (cost, value) in enumerate(zip(costs, likely, strict=True))
    ]
    row = figure4.compared([*records, failed("CRUD, lambda 2.5", "MemoryError", seed=3)]).iloc[0]
    assert (row["method"], row["lambda"], row["seeds"]) == ("CRUDS", 2.5, "0, 1, 2")
    assert row["-Cost/d"] == pytest.approx(-0.2) and row["-Cost/d std"] == pytest.approx(0.1)
    assert row["soft Val"] == pytest.approx(0.5) and row["soft Val std"] == pytest.approx(0.3)
    assert row["failed"] == "seed 3: MemoryError: no memory left"


def test_a_cost_of_some_seeds_says_so_where_nobody_was_answered_in_the_others() -> None:
    nobody = record("CRUD, lambda 5", seed=1, cost=None, soft_val=0.0, val=0.0, lof=0.0)
    page = figure4.markdown(figure4.compared([record("CRUD, lambda 5"), nobody]))
    assert "| CRUDS, λ = 5 | 0, 1 | -0.100 (1 of 2 seeds) | 0.40 ± 0.57 |" in page


def test_other_methods_and_toys_of_the_same_folder_are_left_out() -> None:
    others = [record("NNR"), record("GenRe, validity", "moons")]
    pd.testing.assert_frame_equal(figure4.compared([*every(0), *others]), figure4.compared(every(0)))


def test_the_paper_s_points_are_its_table_12_s_and_cruds_has_none() -> None:
    rows = figure4.compared([record(label, "heloc") for label in figure4.POINTS])
    genre = rows[rows["method"] == "GenRe"]
    theirs = published()["methods"]["GenRe, lambda 10"]["heloc"]
    assert genre["lambda"].tolist() == [0.5, 1, 2.5, 5, 10] and genre["paper LOF"].notna().all()
    assert genre["paper -Cost/d"].iloc[-1] == pytest.approx(-theirs["cost"] / 21)
    assert (genre["paper -Cost/d"].diff().iloc[1:] > 0).all()  # the paper's cost falls with lambda
    cruds = rows[rows["method"] == "CRUDS"]
    assert len(cruds) == 5 and cruds["paper LOF"].isna().all()
    assert "label leaks" in figure4.markdown(rows)


def test_the_page_names_what_is_missing() -> None:
    missing = [failed("CRUD, lambda 0.5", NOT_MEASURED), failed("CRUD, lambda 1", "MemoryError")]
    page = figure4.markdown(figure4.compared([record("GenRe, validity"), *missing]))
    assert "| COMPAS | GenRe, λ = 5 | 0 | -0.100 | 0.80 | 0.90 | 0.60 | -0.073 | 0.99 | 0.97 |" in page
    assert "- failed: COMPAS, CRUDS, λ = 1, seed 0: MemoryError: no memory left" in page
    assert "- not measured: COMPAS: CRUDS, λ = 0.5 (seeds 0). `the command`" in page


@pytest.mark.slow
def test_the_same_records_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    records = every(0, 1)
    first = [page.read_bytes() for page in figure4.draw(records, tmp_path / "one")]
    random.Random(0).shuffle(records)
    assert [page.read_bytes() for page in figure4.draw(records, tmp_path / "other")] == first
    # Without a point, and with nothing to place, there still is a picture.
    for place, fewer in enumerate((records[1:], [record("GenRe, validity", cost=None)])):
        assert figure4.draw(fewer, tmp_path / str(place))[1].read_bytes() != first[1]


def test_the_axis_is_exponential() -> None:
    figure = figure4.new_figure(3, 3)
    axes = figure.subplots()
    figure4.exponential_axis(axes, figure4.compared(every(0)))
    places = axes.transData.transform(np.column_stack([[-0.3, -0.2, -0.1], np.zeros(3)]))[:, 0]
    steps = np.diff(np.exp([-0.3, -0.2, -0.1]))
    assert np.diff(places)[1] / np.diff(places)[0] == pytest.approx(steps[1] / steps[0])


@pytest.mark.parametrize("quick", [False, True])
def test_genre_s_cells_are_those_of_table_3_and_one_is_table_2_s(quick: bool) -> None:
    cells = read_grid(GRID, quick)
    assert {cell.label for cell in cells} == {*figure4.POINTS, figure4.OF_TABLE_2}
    ours = {cell.key for cell in cells if cell.label == figure4.OF_TABLE_2}
    assert ours <= {cell.key for cell in read_grid(GRID.with_name("table2.yaml"), quick)}
    cells = [cell for cell in cells if cell.label != figure4.OF_TABLE_2]
    genre = {cell.key for cell in cells if cell.method == "GenRe"}
    assert genre <= {cell.key for cell in read_grid(GRID.with_name("table3.yaml"), quick)}
    weights = {
        cell.label: cell.hyperparams.get("lambda_", cell.hyperparams.get("lambda_param", 5.0))
        for cell in cells
    }
    assert weights == {label: weight for label, (_, weight) in figure4.POINTS.items()}


def test_the_command_draws_what_a_folder_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell = read_grid(GRID, quick=True, only=["GenRe, lambda 10"])[0]
    write_record(
        tmp_path / cell.file, {**record(cell.label, cell.data), "cell": asdict(cell), "key": cell.key}
    )
    arguments = ["--quick", "--no-run", "--results", str(tmp_path), "--only", "GenRe, lambda 10"]
    assert figure4.COMMAND.main([*arguments, "CRUD, lambda 1"]) == 1
    page = capsys.readouterr().out
    assert f"At most {cell.rows} train rows: not the paper's setting" in page
    assert "| Adult | GenRe, λ = 10 | 0 |" in page and "- not measured: Adult: CRUDS, λ = 1" in page
    assert (tmp_path / "figure4.md").read_text(encoding="utf-8") == page.removesuffix("\n")
    assert pd.read_csv(tmp_path / "figure4.csv")["lambda"].tolist() == [10, 1]
    assert all((tmp_path / f"figure4.{kind}").stat().st_size > 0 for kind in ("png", "svg"))


@pytest.mark.slow
def test_quick(tmp_path: Path, repository: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.paper.figure4", "--quick", "--results", str(tmp_path)]
    subprocess.run(command, cwd=repository, check=True, timeout=600)
    assert len(pd.read_csv(tmp_path / "figure4.csv")) == len(figure4.POINTS)
