"""Figure 2: drawn from records alone, the same again, and every panel says what became of its method."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.paper import figure2, toys
from benchmarks.paper.command import NOT_MEASURED
from carla_genre.harness import read_grid
from carla_genre.harness.record import write_record
from carla_genre.methods.registry import hyperparameters_of

pytest.importorskip("matplotlib")

GRID = Path(figure2.__file__).with_suffix(".yaml")


def record(label: str, data: str = "moons", answers: Any = ((0.5, 0.1), None, (0.4, 3.0))) -> dict[str, Any]:
    factuals = [[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]
    cell = {"data": data, "label": label, "seed": 42, "n_factuals": 3, "rows": None}
    scores = {
        "cost": 0.5,
        "val": 0.25,
        "soft_val": 0.25,
        "lof": 0.75,
        "score": 0.75,
        "answered": 2 / 3,
        "d": 2,
        "violations": {"rows": 0},
    }
    return {
        "cell": cell,
        "key": label,
        "scores": scores,
        "cpu_seconds": {"prepare": 1.0, "answer": 1.0},
        "environment": {"hardware": {"gpu": None}},
        "factuals": factuals,
        "answers": list(answers),
    }


def failed(label: str, kind: str, data: str = "moons") -> dict[str, Any]:
    whole = record(label, data)
    return {"cell": whole["cell"], "key": label, "error": {"type": kind, "message": "no memory left"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that has the ground of both toys, as small as it may be."""
    plane = [[0.0, 1.0], [0.0, 1.0]]
    ground = {
        "features": ["a", "b"],
        "rows": [[0.2, 0.8], [0.7, 0.3]],
        "labels": [0, 1],
        "axis": [0, 1],
        "h": plane,
    }
    setting = {"seed": 42, "n_factuals": 3, "rows": None}
    for name in ("figure2", "other"):
        kept = {
            "settings": dict.fromkeys(("moons", "corr"), setting),
            "figures": dict.fromkeys(("moons", "corr"), ground),
        }
        (tmp_path / f"{name}.json").write_text(json.dumps(kept))
    return tmp_path


def drawn(records: list[dict[str, Any]], path: Path) -> list[bytes]:
    return [page.read_bytes() for page in figure2.draw(records, path)]


@pytest.mark.slow
def test_the_same_records_give_the_same_bytes_in_any_order(folder: Path) -> None:
    records = [record(label, data) for data in ("moons", "corr") for label in ("Wachter", "GenRe, validity")]
    first = drawn(records, folder / "figure2")
    random.Random(0).shuffle(records)
    assert drawn(records, folder / "other") == first
    records[0] = {**records[0], "answers": [[0.5, 0.2], None, [0.4, 3.0]]}
    assert drawn(records, folder / "other")[1] != first[1]


def test_every_panel_says_what_became_of_its_method(folder: Path) -> None:
    records = [record("Dice"), failed("TAP", "MemoryError"), failed("CRUD", NOT_MEASURED)]
    records += [record(label, "corr") for label in ("Dice", "TAP", "CRUD")]
    text = figure2.draw(records, folder / "figure2")[1].read_text()
    shown = [text.count(f"<!-- {what} -->") for what in ("DiCE", "TAP", "CRUDS", "failed", "not measured")]
    assert shown == [1, 1, 1, 1, 1]
    assert text.count("<!-- Cost 0.50 (1 outside) -->") == 4 and "<!-- Correlated pair -->" in text


def test_the_page_has_the_figures_of_the_records_and_the_reasons(folder: Path) -> None:
    rows = figure2.compared([failed("TAP", "MemoryError"), record("Wachter"), failed("CRUD", NOT_MEASURED)])
    assert rows["method"].tolist() == ["Wachter", "TAP", "CRUD"]
    assert rows["outside"].tolist()[0] == 1 and rows["answered"].tolist()[0] == pytest.approx(2 / 3)
    page = figure2.markdown(rows)
    assert "| Moons | Wachter | 0.50 | 0.25 | 0.75 | 0.75 | 0.67 | 1 |" in page
    assert "- failed: moons, TAP, seed 42: MemoryError: no memory left" in page
    assert "- not measured: moons: CRUDS (seeds 42)" in page


@pytest.mark.slow
def test_the_ground_is_that_of_the_setting_and_is_made_once(
    tmp_path: Path,
) -> None:
    asked = [record("Wachter", "circles")]
    under = figure2.grounds(asked, tmp_path / "ground.json")["circles"]
    assert np.array(under["rows"]).shape == (900, 2) and set(under["labels"]) == {0, 1}
    h, axis = np.array(under["h"]), under["axis"]
    assert h.shape == (len(axis), len(axis)) and axis[0] == toys.LEAST and axis[-1] == toys.MOST
    # The accepted circle is the inner one: h accepts the middle of the picture, and none of its corners.
    assert h[len(axis) // 2, len(axis) // 2] > 0.5 and h[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 0.5
    written = (tmp_path / "ground.json").stat().st_mtime_ns
    assert figure2.grounds(asked, tmp_path / "ground.json")["circles"] == under
    assert (tmp_path / "ground.json").stat().st_mtime_ns == written


def test_the_grid_has_the_nine_methods_with_answers_on_three_toys() -> None:
    cells = read_grid(GRID)
    assert {cell.data for cell in cells} == set(toys.TITLES) and all(cell.answers for cell in cells)
    assert [cell.label for cell in cells if cell.data == "moons"] == list(figure2.METHODS)
    assert len(figure2.METHODS) == 9
    for cell in read_grid(GRID, quick=True):
        hyperparameters_of(cell.method, cell.hyperparams)  # raises where one is wrong


def test_the_command_draws_what_a_folder_has(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell = read_grid(GRID, quick=True, only=["GrowingSpheres"])[0]
    write_record(folder / cell.file, {**record(cell.label), "cell": asdict(cell), "key": cell.key})
    kept = json.loads((folder / "figure2.json").read_text())
    setting = {"seed": cell.seed, "n_factuals": cell.n_factuals, "rows": cell.rows}
    (folder / "figure2.json").write_text(json.dumps({**kept, "settings": {"moons": setting}}))
    arguments = ["--quick", "--no-run", "--results", str(folder)]
    assert figure2.COMMAND.main([*arguments, "--only", "GrowingSpheres"]) == 0
    assert "| Moons | GS | 0.50 |" in capsys.readouterr().out
    assert all((folder / f"figure2.{kind}").stat().st_size > 0 for kind in ("png", "svg", "md", "csv"))
    assert figure2.COMMAND.main(arguments) == 1  # the others are not measured, which the page says
    assert "not measured: moons: Wachter" in capsys.readouterr().out


def test_the_published_page_is_that_of_its_records(repository: Path) -> None:
    folder = repository / "benchmarks" / "results" / "paper"
    records = figure2.COMMAND.records(folder)
    assert not [record["cell"]["label"] for record in records if "error" in record]
    assert (folder / "figure2.md").read_text(encoding="utf-8") == figure2.markdown(figure2.compared(records))
    assert set(figure2.grounds(records, folder / "figure2.json")) == set(toys.TITLES)


@pytest.mark.slow
def test_quick(tmp_path: Path, repository: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.paper.figure2", "--quick", "--results", str(tmp_path)]
    subprocess.run(command, cwd=repository, check=True, timeout=600)
    assert (tmp_path / "figure2.svg").read_text().count("<!-- Cost") == 9
