"""The command of the paper's tables and figures, on a grid of two cells; and, slow, the real ones with --quick."""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from protocol_cases import loans

from benchmarks.paper import interrupt
from benchmarks.paper.command import NOT_MEASURED, Command, tables
from benchmarks.paper.comparison import Comparison
from carla_genre.errors import InputError
from carla_genre.harness.measure import measure
from carla_genre.harness.rows import ROWS

pytestmark = pytest.mark.slow

TABLES = ("table1", "table2", "table3", "table4", "table11", "table13")
COMPARISON = Comparison({"CopyFactual": "nothing", "NNR": "the nearest"})


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """``loanstable``, of loans that are measured in this process; its cells are counted in ``measured``."""
    loans(240, 0).to_csv(tmp_path / "loans.csv", index=False)
    table = {
        "name": "loans",
        "csv": "loans.csv",
        "target": "granted",
        "immutables": ["sex"],
        "test_size": 0.5,
    }
    methods: dict = {"CopyFactual": None, "NNR": None, "RandomAccepted": None}
    content = {"data": [table], "seeds": [0], "people": 5, "retrained": 1, "recourse_methods": methods}
    (tmp_path / "loans.yaml").write_text(yaml.safe_dump({**content, "quick": {"people": 3}}))

    def here(cell, places, *rest):
        with (tmp_path / "measured").open("a") as log:
            log.write(f"{cell.label} ")
        return measure(cell, places)

    monkeypatch.chdir(tmp_path)
    write = tables(COMPARISON.compared, COMPARISON.markdown)
    grid, labels = str(tmp_path / "loans.yaml"), list(COMPARISON.names)
    return Command("loanstable", "Loans.", write, grid, labels, measure_one=here)


def test_what_is_missing_is_named_and_the_command_told_measures_that_alone(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--results", "out", "--cache", "cache"]
    assert command.main([*options, "--no-run"]) == 1
    assert "nothing (seeds 0), the nearest (seeds 0)" in capsys.readouterr().out
    assert not (tmp_path / "measured").exists()

    assert command.main(options) == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "measured").read_text().split() == ["CopyFactual", "NNR"]
    assert (
        "not measured" not in printed
        and printed.strip() == (tmp_path / "out/loanstable.md").read_text().strip()
    )
    figures = (tmp_path / "out/loanstable.csv").read_bytes()

    (record,) = (tmp_path / "out").glob("loans_NNR_*.json")
    record.unlink()
    assert command.main([*options, "--no-run"]) == 1
    text = (tmp_path / "out/loanstable.md").read_text()
    told = re.search(r"^- not measured: loans: the nearest \(seeds 0\)\. `(.+)`$", text, re.MULTILINE)
    assert told and shlex.split(told[1])[:3] == ["python", "-m", "benchmarks.paper.loanstable"]
    assert command.main([*shlex.split(told[1])[3:], "--cache", "cache"]) == 0
    assert (tmp_path / "measured").read_text().split() == ["CopyFactual", "NNR", "NNR"]
    again = (tmp_path / "out/loanstable.csv").read_bytes()
    assert _without_seconds(again) == _without_seconds(figures)


def test_cells_that_are_measured_in_this_process_run_one_at_a_time_whatever_is_asked(
    command: Command,
) -> None:
    threads = []

    def measure_one(*arguments):
        threads.append(threading.current_thread())
        return command.measure_one(*arguments)

    alone = replace(command, measure_one=measure_one)
    assert alone.main(["--results", "out", "--cache", "cache", "--workers", "2"]) == 0
    assert threads == [threading.main_thread()] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process")
def test_ctrl_c_while_it_imports_is_told_in_one_line(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "benchmarks.paper.table2", "--no-run"]
    options = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(repository)}, "text": True}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as table:
        assert table.stdout.readline() == "importing\n"
        table.send_signal(signal.SIGINT)
        told = table.stderr.read()
    assert (table.returncode, told.strip()) == (130, "benchmarks.paper: interrupted")


def test_ctrl_c_later_on_is_told_by_the_command(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["-m"])
    before = signal.getsignal(signal.SIGINT)
    interrupt.leave_during_imports()
    assert signal.getsignal(signal.SIGINT) is not before
    stopped = replace(command, write=lambda records, path: signal.raise_signal(signal.SIGINT))
    assert stopped.main(["--no-run"]) == 130
    assert capsys.readouterr().err == "\nloanstable: interrupted; the same command goes on\n"
    assert signal.getsignal(signal.SIGINT) is before


def _without_seconds(table: bytes) -> list[list[str]]:
    head, *lines = (line.split(",") for line in table.decode().splitlines())
    kept = [place for place, name in enumerate(head) if "prepare" not in name and "answer s" not in name]
    return [[line[place] for place in kept] for line in [head, *lines]]


def test_a_record_has_what_the_table_takes_of_its_people_and_one_that_has_none_is_named(
    command: Command,
) -> None:
    assert command.main(["--quick", "--cache", "cache", "--workers", "1"]) == 0
    folder = Path("results/paper-quick")
    for record in command.records(folder, quick=True):
        assert len(record["rows"]) == 3
        assert record["scores"]["val"] == (record["rows"]["gold"] > 0.5).mean()
    (folder / ROWS).unlink()
    with pytest.raises(
        InputError, match=r"there are no rows of loans, seed 0, CopyFactual: bring the rows\.parquet"
    ):
        COMPARISON.compared(command.records(folder, quick=True))


def test_quick_and_whole_figures_are_kept_apart(command: Command) -> None:
    assert command.main(["--quick", "--cache", "cache", "--workers", "1"]) == 0
    assert command.main(["--no-run"]) == 1
    whole, quick = (command.records(Path("results") / name) for name in ("paper", "paper-quick"))
    assert all(record["error"]["type"] == NOT_MEASURED for record in [*whole, *quick])
    assert not any("error" in record for record in command.records(Path("results/paper-quick"), quick=True))


def test_a_wrong_name_is_told_and_nothing_is_run(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--data", "loan"]) == 2
    assert "loanstable:" in (told := capsys.readouterr().err) and "did you mean 'loans'" in told
    assert command.main(["--only", "NRR"]) == 2
    assert "did you mean 'NNR'" in capsys.readouterr().err
    assert replace(command, labels=["CopyFactual"]).main(["--only", "NNR"]) == 2
    assert "--only: no 'NNR'; there are ['CopyFactual']" in capsys.readouterr().err
    assert command.main(["--workers", "0"]) == 2
    assert "workers must be 1 or more, got 0" in capsys.readouterr().err
    assert not (tmp_path / "measured").exists()


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all quick runs, as the user has it: what one has measured the next one has."""
    return tmp_path_factory.mktemp("quick")


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_the_quick_command(name: str, quick: Path, repository: Path) -> None:
    command = [sys.executable, "-m", f"benchmarks.paper.{name}", "--quick", "--cache", str(quick / "cache")]
    done = subprocess.run(
        [*command, "--results", str(quick / "out")],
        cwd=repository,
        env={**os.environ, "CF_DATA": str(quick / "none")},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    text = (quick / "out" / f"{name}.md").read_text(encoding="utf-8")
    assert done.stdout.strip() == text.strip() and "| Adult" in text and "failed" not in text
    assert (quick / "out" / f"{name}.csv").stat().st_size > 200
