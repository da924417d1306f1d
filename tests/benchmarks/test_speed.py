"""Timings run and agree with their references; the table command tells what was measured and what was not."""

import json
from pathlib import Path

import pytest

from benchmarks.speed import __main__ as command
from benchmarks.speed import answer, crud_loss, pairs
from benchmarks.speed.alternate import alone, compared
from benchmarks.speed.table import markdown, read_timing, read_timings
from carla_genre.errors import InputError


def row_of(path: Path) -> dict[str, float]:
    """The only row of a module's JSON, read as the table reads it."""
    (row,) = read_timing(path).figures.values()
    return dict(row)


@pytest.mark.parametrize(
    "module", [answer, crud_loss, pairs], ids=lambda module: module.__name__.split(".")[-1]
)
def test_a_timing_writes_a_row_with_its_reference(module, tmp_path: Path) -> None:
    path = tmp_path / "timing_cpu.json"
    module.main(["--quick", "--runs", "2", "--json", str(path)])
    row = row_of(path)
    assert 0 < row["ratio_min"] <= row["ratio"] <= row["ratio_max"] and row["runs"] == 2
    assert row["ours_s"] > 0 and row["reference_s"] > 0


def test_keras_is_asked_both_ways(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    from benchmarks.speed import keras_call

    keras_call.main(["--quick", "--json", str(tmp_path / "keras_call_cpu.json")])
    assert row_of(tmp_path / "keras_call_cpu.json")["ratio"] > 0


def test_a_row_is_of_the_pairs_of_runs() -> None:
    row = compared([1.0, 2.0, 4.0], [10.0, 60.0, 20.0])
    assert row == {
        "ours_s": 2.0,
        "reference_s": 20.0,
        "ratio": 10.0,
        "ratio_min": 5.0,
        "ratio_max": 30.0,
        "runs": 3,
    }
    assert alone([3.0, 1.0, 2.0]) == {"ours_s": 2.0, "ours_s_min": 1.0, "ours_s_max": 3.0, "runs": 3}


def test_an_option_that_is_given_wins_over_quick(tmp_path: Path) -> None:
    path = tmp_path / "crud_loss_cpu.json"
    crud_loss.main(["--quick", "--steps", "3", "--batch", "4", "--json", str(path)])
    settings = json.loads(path.read_text())["settings"]
    assert settings == {"columns": 7, "batch": 4, "steps": 3, "runs": 1, "quick": True}


def test_the_command_measures_in_a_process_of_its_own_and_prints_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--only", "crud_loss", "--quick", "--json-folder", str(tmp_path)]
    assert command.main(arguments) == 0
    (written,) = tmp_path.iterdir()
    assert written.name.startswith("crud_loss_c")
    table = markdown([read_timing(written)])
    assert capsys.readouterr().out.endswith(f"\n{table}\n")
    assert command.main(["--no-run", "--json-folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{table}\n"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ("import a_package_that_is_absent", 0, "skipped: No module named 'a_package_that_is_absent'"),
        ("raise ValueError('no such file')", 1, "failed: ValueError: no such file"),
        ("import os; os._exit(9)", 1, "failed: the process ended with status 9"),
    ],
)
def test_a_module_that_cannot_be_measured_is_told(
    body: str,
    status: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    package = tmp_path / "benchmarks" / "speed"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "pairs.py").write_text(body)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    assert command.main(["--only", "pairs", "--json-folder", str(tmp_path)]) == status
    assert f"pairs: {told}" in capsys.readouterr().err


def test_the_committed_timings_are_in_the_table_and_those_of_the_command_come_first(repository: Path) -> None:
    found = read_timings(repository / "benchmarks" / "results" / "speed", command.MODULES)
    names = [timing.name for timing in found]
    known = [name for name in names if name in command.MODULES]
    assert names[: len(known)] == sorted(known, key=command.MODULES.index)
    lines = markdown(found).splitlines()
    for timing in found:
        for title in timing.figures:
            assert sum(line.startswith(f"| `{timing.name}`, {title} |") for line in lines) == 1


def test_what_is_no_timing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no timings"):
        read_timings(tmp_path)
    (tmp_path / "pairs_cpu.json").write_text('{"settings": {}, "figures": {"ratio": 2.0}, "environment": {}}')
    with pytest.raises(InputError, match=r"pairs_cpu\.json is no timing"):
        read_timings(tmp_path)


@pytest.mark.slow
def test_adults_pairs_take_less_than_a_gigabyte() -> None:
    assert pairs._peak("ours", 20_000, 9_000, 1_000) < 1_000
