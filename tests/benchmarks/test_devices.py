from pathlib import Path

import pytest

from benchmarks.speed import devices
from benchmarks.speed.table import read_timing


@pytest.mark.slow
def test_two_processes_stand_beside_one(tmp_path: Path) -> None:
    path = tmp_path / "devices_cpu.json"
    devices.main(["--quick", "--json", str(path)])
    ((title, row),) = read_timing(path).figures.items()
    assert title == "adult, default, 2 processes, against one of 1 thread"
    assert row["ours_s"] > 0 and row["reference_s"] > 0
    assert row["loss_difference"] < 1e-3  # the curves are equal, whoever is faster
