"""The table of calibrated confidences: its cells, its rows, and its command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.pages import blocks
from benchmarks.robust import confidence, curves, noise
from benchmarks.robust.cells import CONDITIONS, cells
from carla_genre.errors import InputError
from carla_genre.harness.record import write_record


def record(label: str, condition: str, seed: int, score: float | None, rows: int) -> dict[str, Any]:
    cell = {"data": "compas", "label": label, "seed": seed, **CONDITIONS[condition]}
    measured = {"scores": {"score": score}} if score is not None else {"error": {"message": "D_h+ is empty"}}
    return {"cell": cell, "key": "k", **measured, "accepted": {"gamma": 0.7, "rows": rows}}


def test_every_method_has_its_calibrated_pair_in_every_condition() -> None:
    every = cells(grid=confidence.GRID)
    labels = {cell.label for cell in every}
    assert labels == {*confidence.PAIRS, *confidence.PAIRS.values()}
    assert len(every) == 3 * 5 * len(CONDITIONS) * len(labels)
    assert len({cell.key for cell in every}) == len(every)
    assert all(cell.hyperparams.get("calibrate", False) == (", calibrated" in cell.label) for cell in every)


def test_a_row_has_means_failures_and_differences() -> None:
    other = "GenRe, calibrated"
    records = [record("GenRe", "as it is", seed, 1.9, 1000 + seed) for seed in (0, 1)]
    records += [record(other, "as it is", seed, 1.92, 1500) for seed in (0, 1)]
    records += [record("GenRe", "less sure", 0, 0.9, 3), record("GenRe", "less sure", 1, None, 0)]
    records += [record(other, "less sure", seed, 1.91 + seed / 100, 1500) for seed in (0, 1)]
    lines = [line.split(" | ") for line in confidence.markdown(records).splitlines()]
    assert lines[2][:10] == [
        *("| COMPAS", "as it is", "0, 1", "1,000 (1,000 to 1,001)", "1,500 (1,500 to 1,500)", "0.70 to 0.70"),
        *("1.900 ± 0.000", "1.920 ± 0.000", "+0.000", "+0.020"),
    ]
    assert lines[3][1] == "logit over 3"
    assert lines[3][3:10] == [
        *("2 (0 to 3)", "1,500 (1,500 to 1,500)", "0.70 to 0.70"),
        *("0.900 (1 failed)", "1.915 ± 0.007", "-0.005", "+0.015"),
    ]
    assert lines[3][10] == "-"  # nothing of the nearest rows


def test_the_block_reads_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no records"):
        blocks.BLOCKS["confidence"](tmp_path, ".")
    for seed in (0, 1):
        write_record(tmp_path / f"a_seed{seed}.json", record("GenRe", "as it is", seed, 1.9, 10))
    assert "| COMPAS | as it is | 0, 1 |" in blocks.BLOCKS["confidence"](tmp_path, ".")


def test_the_ways_are_compared_with_the_truth() -> None:
    random = np.random.default_rng(0)
    p = random.random(3000)
    labels = (random.random(3000) < p).astype(int)
    h = 1 / (1 + (1 / p - 1) ** 3)
    truth = curves.isotonic(h, p)
    assert p[h > truth].min() > 0.7 >= p[h <= truth].max()
    rows = curves.Seen(h, labels, p, h, labels)
    found = {name: way(rows) for name, way in curves.WAYS.items()}
    assert found["h as it is"] == 0.7
    assert found["Platt, training rows"] == pytest.approx(truth, abs=0.02)
    assert found["isotonic, training rows"] == pytest.approx(truth, abs=0.06)
    seeds = {
        name: [one, one + 0.1] for name, one in {"truth": 0.7, **dict.fromkeys(curves.WAYS, 0.75)}.items()
    }
    assert "| COMPAS | ann | 0.750 | +0.050 (0.050) |" in curves.markdown({"compas": {"ann": seeds}})


def test_the_steps_of_flipped_labels_are_told() -> None:
    scores = {"none": [1.9, 2.0], "h": [1.8, 1.9], "labels": [1.8, 1.9], "gamma": [1.7, 1.9]}
    lines = noise.markdown({"compas": scores}).splitlines()[2:]
    assert [line.split(" | ")[-1] for line in lines] == [" |", "-0.100 |", "+0.000 |", "-0.050 |"]


@pytest.mark.slow
def test_the_quick_run_measures_every_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--quick", "--results", str(tmp_path), "--only", "NNR-D_h+", "NNR-D_h+, calibrated"]
    assert confidence.main(arguments) == 0
    table = capsys.readouterr().out
    assert len(list(tmp_path.glob("*.json"))) == 2 * len(CONDITIONS)
    assert table.count("| Adult |") == len(CONDITIONS)
    assert confidence.main(arguments) == 0  # nothing is measured again
    assert capsys.readouterr().out == table
