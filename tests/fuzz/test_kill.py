"""Work that is ended and started again: two tries of each; python -m benchmarks.reliability.kill has many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.reliability.kill import WORKS, make_desk, measure


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    make_desk(folder)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals, and forks")
@pytest.mark.parametrize("name", WORKS)
def test_ended_work_comes_to_what_it_comes_to_alone(name: str, desk: Path, tmp_path: Path) -> None:
    row = measure(name, desk, tmp_path, times=2, seed=1)
    assert row["equal"] == 2
    assert row["left"] == {}
