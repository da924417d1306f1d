"""The study of the batched searches: each beside CARLA's own."""

from pathlib import Path

import pytest

from benchmarks.studies.batched import same, table
from carla_genre.harness import read_grid
from carla_genre.harness.record import read_record

GRID = "benchmarks/studies/batched/batched.yaml"


@pytest.fixture(scope="module")
def carlas(repository: Path) -> list[dict]:
    folder = repository / "benchmarks/results/paper"
    return [read_record(path) for path in sorted(folder.glob("compas_Revise_seed*.json"))]


def test_each_search_stands_beside_carlas_with_the_ratio_of_seconds(carlas: list[dict]) -> None:
    ours = [
        {
            **record,
            "cell": {**record["cell"], "method": "Revise-batched"},
            "cpu_seconds": {**record["cpu_seconds"], "answer": record["cpu_seconds"]["answer"] / 50},
        }
        for record in carlas
    ]
    rows = table.compared(ours, carlas)
    assert rows["search"].tolist() == [table.ONE_BY_ONE, table.AT_ONCE]
    assert rows["times"].iloc[1] == pytest.approx(50)
    assert rows["Score"].iloc[0] == rows["Score"].iloc[1]
    lines = table.markdown(rows).splitlines()[:4]
    assert len({line.count("|") for line in lines}) == 1 and "50" in lines[3]


def test_carlas_records_are_found_by_name(repository: Path, carlas: list[dict]) -> None:
    ours = [{"cell": {"data": "compas", "method": "Revise-batched"}}]
    found = table.carlas(repository / "benchmarks/results/paper", ours)
    assert [record["key"] for record in found] == [record["key"] for record in carlas]
    assert table.carlas(repository / "benchmarks/results/paper", [{**ours[0], "error": {}}]) == []


def test_the_grid_searches_as_carla_does(repository: Path) -> None:
    cells = read_grid(repository / GRID)
    assert {cell.method for cell in cells} == {"CRUD-batched", "Revise-batched", "Clue-batched"}
    assert all(cell.hyperparams == {"hold_constraints": False} for cell in cells)


def test_answers_of_the_same_people_are_told_apart() -> None:
    row = {"data": "compas", "method": "Revise", "seed": 0, "people": 10, "same": 0.9, "median": 2e-7}
    row |= {"carla_s": 2.0, "batched_s": 0.01}
    row |= {f"{name}_{who}": 1.25 for name in ("score", "cost") for who in ("carla", "batched")}
    text = same.markdown({"rows": [row]})
    assert "| COMPAS | Revise | 0 | 10 | 0.90 | 2e-07 | 1.250 |" in text
