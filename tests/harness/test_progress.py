"""What a run of a grid shows in the terminal."""

import io
import re
import time

import pytest
from harness_cases import THREE, here
from rich.console import Console

from carla_genre.harness import read_grid
from carla_genre.harness.progress import GridProgress


def plain(shown):
    """What a terminal was sent, without its control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)


@pytest.mark.slow
def test_the_live_table_shows_scores_failures_and_what_runs(run, grid_file, terminal):
    shown = terminal()

    def slowly(cell, paths, *rest):
        time.sleep(0.3)  # the table is drawn four times a second
        return here(cell, paths)

    methods = {"bad": {"method": "misbehaving:Fails"}, "CopyFactual": None}
    progress = GridProgress()
    run(read_grid(grid_file(methods, seeds=[0, 1])), progress=progress, measure_one=slowly)
    told = plain(shown.getvalue())
    assert re.search(r"3 of 4 cells, .* left, \d failed", told)
    assert re.search(r"bad +- 1 failed running \(1/2\)", told)
    assert "[4/4] loans, seed 1, CopyFactual: score" in told  # above the table
    last = rendered(progress)
    assert re.match(r"4 of 4 cells, .* 2 failed$", last[0].strip())
    assert [line.split()[:4] for line in last[1:3]] == [["Score", "loans"], ["bad", "-", "2", "failed"]]
    assert float(last[3].split()[1]) > 0


def rendered(part):
    console = Console(width=80, file=io.StringIO())
    console.print(part)
    return console.file.getvalue().splitlines()


def test_a_table_too_long_for_the_terminal_keeps_its_state(run, grid_file, terminal, monkeypatch):
    shown = terminal()
    monkeypatch.setenv("LINES", "3")
    run(read_grid(grid_file(THREE)), progress=GridProgress())
    told = plain(shown.getvalue())
    assert "[3/3] loans, seed 0, CopyFactual: score" in told
    assert "3 of 3 cells" in told
