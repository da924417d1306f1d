"""Timings while the person waits: that parts are resumed, and that all runs."""

import argparse
from pathlib import Path

import pytest

from benchmarks.speed import growth, serving
from benchmarks.speed.command import finish, resumed
from benchmarks.speed.table import read_timing


def test_a_part_that_was_measured_is_read_until_all_are_written(tmp_path: Path) -> None:
    options = argparse.Namespace(json=tmp_path / "some_cpu.json", runs=1, quick=False)
    measured = []

    def part(value: float, fails: bool = False) -> dict[str, float]:
        measured.append(value)
        if fails:
            raise KeyboardInterrupt
        return {"ours_s": value, "runs": 1}

    with pytest.raises(KeyboardInterrupt):
        resumed(options, {"one": lambda: part(1.0), "two": lambda: part(2.0, fails=True)})
    figures = resumed(options, {"one": lambda: part(1.0), "two": lambda: part(2.0)})
    assert measured == [1.0, 2.0, 2.0]
    assert figures == {"one": {"ours_s": 1.0, "runs": 1}, "two": {"ours_s": 2.0, "runs": 1}}
    resumed(argparse.Namespace(**{**vars(options), "runs": 2}), {"one": lambda: part(3.0)})
    assert measured[-1] == 3.0  # other options: another measurement
    finish(options, figures)
    assert [path.name for path in tmp_path.iterdir()] == ["some_cpu.json"]


@pytest.mark.slow
def test_all_that_serving_times_runs(tmp_path: Path) -> None:
    pytest.importorskip("treecf")
    path = tmp_path / "serving_cpu.json"
    serving.main(["--quick", "--json", str(path)])
    rows = read_timing(path).figures
    assert list(rows) == [
        "adult, building",
        "adult, 12 people",
        "adult, one person",
        "adult, building the distilled",
        "adult, 12 people, distilled, 3 draws, against the default",
        "adult, one person, distilled, 3 draws",
        "adult, one person, h boosting, against treecf",
        "adult, one person, h boosting, against NICE's rule",
        "adult, one person, h a network, against NICE's rule",
        "adult, one person, h a network, against Wachter",
        "adult, one person, h a network, against Dice",
        "adult, 80 people, one process",
    ]
    assert all(row["ours_s"] > 0 for row in rows.values())
    assert all(row["reference_s"] > 0 for title, row in rows.items() if "against" in title)


@pytest.mark.slow
def test_growth_runs(tmp_path: Path) -> None:
    path = tmp_path / "growth_cpu.json"
    growth.main(["--quick", "--json", str(path)])
    (row,) = read_timing(path).figures.values()
    assert row["building_s"] > row["selector_s"] > 0 and row["ours_peak_mb"] > 0
