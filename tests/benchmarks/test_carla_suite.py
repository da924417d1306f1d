"""CARLA's notebooks are run cell by cell, shown on a small one."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.carla_suite.__main__ import main

CELLS = [
    ("markdown", "not code"),
    ("code", "import warnings\n%load_ext autoreload"),
    ("code", "import pandas\ncounterfactuals = pandas.read_csv('rows.csv')\ndisplay(counterfactuals)"),
    ("code", "raise ValueError('of this cell')"),
    ("code", "counterfactuals = counterfactuals.dropna()\nassert len(counterfactuals) == 1"),
]


def test_each_cell_is_run_and_recorded(tmp_path: Path) -> None:
    notebooks = tmp_path / "docs" / "source" / "notebooks"
    for folder in (notebooks, tmp_path / "carla", tmp_path / "test"):
        folder.mkdir(parents=True)
    cells = [{"cell_type": kind, "source": [source]} for kind, source in CELLS]
    (notebooks / "small.ipynb").write_text(json.dumps({"cells": cells}))
    (notebooks / "rows.csv").write_text("a,b\n1,2\n3,\n")
    output = tmp_path / "record.json"
    assert main([str(tmp_path), "--notebooks", "--installed", "--output", str(output)]) == 0
    record = json.loads(output.read_text())
    assert record["counts"] == {"passed": 3, "failed": 1}
    assert record["tests"]["small.ipynb[3]"] == {"outcome": "failed", "reason": "ValueError: of this cell"}
    small = record["notebooks"]["small"]
    assert (small["asked"], small["answered"]) == (2, 1)
    assert not list(notebooks.glob("*.json"))
