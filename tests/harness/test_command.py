"""`carla-genre benchmark`, as a user's shell runs it."""

import functools
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from harness_cases import measures

from carla_genre.cli import main
from carla_genre.harness import command, read_grid
from carla_genre.harness.measure import measure, measure_or_fail
from carla_genre.harness.run import records_of, run_grid


def run_here(*arguments, **options):
    """Cells are measured in this process."""
    return run_grid(*arguments, **{**options, "measure_one": measure_or_fail})


@pytest.fixture
def benchmark(desk, tmp_path, monkeypatch):
    """The command, with its results in `tmp_path`."""
    monkeypatch.setattr(command, "run_grid", run_here)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: main(["benchmark", *map(str, arguments), "--cache", str(desk / "cache")])


def test_it_writes_records_and_tables_and_prints_one(benchmark, grid_file, tmp_path, capsys):
    path = grid_file({"CopyFactual": None, "near": {"method": "NNR"}}, seeds=[0, 1])
    assert benchmark(path) == 0
    told, folder = capsys.readouterr(), tmp_path / "results" / path.stem
    assert len(list(folder.glob("loans_*.json"))) == 4
    sheet = pd.read_csv(folder / "table.csv")
    assert sheet["method"].tolist() == ["CopyFactual", "near"]
    assert sheet["seeds"].tolist() == [2, 2]
    assert (folder / "table.md").read_text() in told.out
    assert told.err.count("loans, seed") == 4
    assert "written: 4 records" in told.err


def test_a_grid_that_is_edited_while_it_runs_has_the_table_of_what_ran(
    benchmark, grid_file, tmp_path, monkeypatch
):
    path = grid_file({"CopyFactual": None})

    def run_and_edit(*arguments, **options):
        records = run_here(*arguments, **options)
        path.write_text("recourse_methods: [")
        return records

    monkeypatch.setattr(command, "run_grid", run_and_edit)
    assert benchmark(path, "--results", tmp_path / "out") == 0
    assert pd.read_csv(tmp_path / "out" / "table.csv")["method"].tolist() == ["CopyFactual"]


@pytest.mark.slow
def test_only_adds_to_the_table_of_before(benchmark, grid_file, tmp_path):
    path = grid_file({"CopyFactual": None, "near": {"method": "NNR"}})
    out = tmp_path / "out"
    assert benchmark(path, "--results", out, "--only", "near") == 0
    assert pd.read_csv(out / "table.csv")["method"].tolist() == ["near"]
    assert benchmark(path, "--results", out, "--only", "CopyFactual") == 0
    assert pd.read_csv(out / "table.csv")["method"].tolist() == ["CopyFactual", "near"]


def test_quick_has_a_folder_of_its_own(benchmark, grid_file, tmp_path):
    path = grid_file({"CopyFactual": None, "Face": {"quick": False}}, quick={"people": 3})
    assert benchmark(path, "--quick") == 0
    (record,) = (tmp_path / "results" / f"{path.stem}-quick").glob("loans_*.json")
    assert '"n_factuals": 3' in record.read_text()


def test_a_grid_that_is_wrong_exits_2_with_one_line(benchmark, grid_file, tmp_path, capsys):
    assert benchmark(grid_file({"NRN": None})) == 2
    told = capsys.readouterr()
    assert "did you mean 'NNR'" in told.err
    assert len(told.err.splitlines()) == 1
    assert not (tmp_path / "results").exists()


def test_cells_that_failed_exit_1_and_are_named(benchmark, grid_file, capsys):
    assert benchmark(grid_file({"bad": {"method": "misbehaving:Fails"}})) == 1
    told = capsys.readouterr()
    assert "failed: loans, seed 0, bad: nothing to divide" in told.err
    assert "- loans, bad: 1 failed" in told.out


@pytest.mark.slow  # test_run interrupts in this process, test_process kills one
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_run_that_is_killed_or_stopped_goes_on_to_the_same_numbers(
    grid_file, paths, desk, tmp_path, repository
):
    mark, out = tmp_path / "mark", tmp_path / "out"
    slow = {"method": "misbehaving:SleepsTwice", "hyperparams": {"mark": str(mark)}}
    path = grid_file({"NNR": {"hyperparams": {"gamma": 0.5}}, "slow": slow})
    cells = read_grid(path)
    line = [sys.executable, "-m", "carla_genre.cli", "benchmark", str(path), "--results", str(out)]
    line += ["--cache", str(desk / "cache")]
    start = functools.partial(
        subprocess.Popen,
        line,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(repository), os.path.dirname(__file__)])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for number, (signal_, status) in enumerate([(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)], 1):
        with start() as process:
            while not mark.exists() or len(mark.read_text().splitlines()) < number:
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.05)
            process.send_signal(signal_)
            told = process.communicate(timeout=60)[1]
        assert process.returncode == status
        assert "Traceback" not in told
        rows = cells[0].file.replace(".json", ".parquet")
        # Whole, and no failure of the other; the claim of a killed run is removed by the next.
        assert {file.name for file in out.glob("[!.]*")} == {cells[0].file, rows}
    with start() as process:
        told, news = process.communicate(timeout=300)
    assert process.returncode == 0, news
    assert "1 of 2 cells are finished already" in news
    assert "| loans | slow |" in told
    resumed = records_of(cells, out)
    mark.unlink()
    mark.write_text("1\n2\n")
    assert not [*out.glob("*_seed*.parquet"), *out.glob(".*")]  # the rows are in one file now
    assert [measures(record, out) for record in resumed] == [measures(measure(cell, paths)) for cell in cells]
