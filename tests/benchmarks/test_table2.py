import json
from pathlib import Path

import pytest

from benchmarks.paper import table2
from benchmarks.paper.score import published
from carla_genre.harness import read_grid

FEATURES = {"adult": 13, "compas": 7, "heloc": 21}


def record(label: str, score: float, held: float | None = None, data: str = "compas", seed: int = 0) -> dict:
    def part(value: float) -> dict:
        none = {"immutable": 0, "one_hot": 0, "out_of_range": 0, "direction": 0, "rows": 3}
        return {
            "scores": {
                "cost": 0.5,
                "val": 0.9,
                "lof": 0.8,
                "score": value,
                "answered": 0.95,
                "violations": none,
            }
        }

    whole = {
        "cell": {"data": data, "label": label, "seed": seed},
        "key": "x",
        "seconds": {"prepare": 1.0, "answer": 0.25},
        **part(score),
    }
    return whole if held is None else {**whole, "constrained": {**part(held), "report": {"lost": 7}}}


def test_ours_stand_beside_the_paper_s_and_far_ones_are_marked() -> None:
    rows = table2.compared([record("GenRe, validity", 1.93), record("Wachter", 0.4, held=0.2)])
    assert rows["paper Score"].tolist() == [1.89, 0.79]
    assert rows["held Score"].tolist()[1] == 0.2 and rows["held lost"].tolist()[1] == 7
    lines = table2.markdown(rows).splitlines()
    assert "| COMPAS | GenRe, validity | 0.50 | 0.90 | 0.80 | 1.93 | 0.51 |" in lines[2]
    assert "**0.40**" in lines[3] and lines[3].endswith("| -0.39 | 3 | 0.05 | 1.0 | 0.25 | 0.20 | 7 |")


def test_a_method_that_the_paper_has_not_is_not_compared() -> None:
    line = table2.markdown(table2.compared([record("PAR", 1.8, data="heloc")])).splitlines()[2]
    assert line.startswith("| HELOC | PAR | 0.50 | 0.90 | 0.80 | 1.80 | - | - | - | - | - |")


def test_the_command_reads_a_folder_in_the_grid_s_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("PAR", "TAP", "Wachter"):
        for seed in (0, 1):
            path = tmp_path / f"compas_{label}_seed{seed}_x.json"
            path.write_text(json.dumps(record(label, 1.0 + seed, seed=seed)))
    page = tmp_path / "page.md"
    page.write_text(f"above\n<!-- {tmp_path.as_posix()} -->\nformer table\n<!-- end -->\nbelow\n")
    assert table2.main([str(tmp_path), "--page", str(page)]) == 0
    printed = capsys.readouterr().out
    assert printed.strip() in page.read_text() and "former table" not in page.read_text()
    assert page.read_text().startswith("above\n") and page.read_text().endswith("<!-- end -->\nbelow\n")
    assert printed.index("Wachter") < printed.index("TAP") < printed.index("PAR")
    assert "| 1.50 |" in printed or "**1.50**" in printed
    assert table2.main([str(tmp_path), "--data", "adult"]) == 2


def test_the_paper_s_figures_add_up_and_every_one_has_a_row_in_the_grid(repository: Path) -> None:
    labels = {cell.label for cell in read_grid(repository / "benchmarks" / "paper" / "table2.yaml")}
    for label, sets in published()["methods"].items():
        assert label in labels
        for data, row in sets.items():
            total = row["val"] + row["lof"] - row["cost"] / FEATURES[data]
            assert total == pytest.approx(row["score"], abs=0.021), (label, data)


def test_the_page_s_table_is_that_of_the_records(repository: Path) -> None:
    records = table2.read_records(repository / "benchmarks" / "results" / "methods_compas")
    assert len(records) >= 20
    page = (repository / "docs" / "methods.md").read_text(encoding="utf-8")
    assert table2.markdown(table2.compared(records)) in page
