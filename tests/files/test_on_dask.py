"""The same answers from worker processes as from one, and none lost with a worker."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from file_cases import PEOPLE, At, Watched, contents, interrupt, write

from carla_genre import InputError, Recourse

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(PEOPLE, tmp_path_factory.mktemp("in") / "people.parquet", group=20)


@pytest.fixture(scope="module")
def in_one_process(recourse: Recourse, path: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("one") / "out"
    return out, recourse.recommend_files(path, out)


def die_once(mark: Path) -> None:
    """Be killed, at the first try."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_worker_costs_nobody_an_answer(
    workers: int,
    recourse: Recourse,
    path: Path,
    in_one_process: Any,
    tmp_path: Path,
    classifier: Watched,
) -> None:
    classifier.before = At(PEOPLE.iloc[40], partial(die_once, tmp_path / "killed"))  # of the third chunk
    with distributed.LocalCluster(workers, threads_per_worker=1, dashboard_address=None) as local:
        found = recourse.recommend_files(path, tmp_path / "out", cluster=local.scheduler_address)
    assert (tmp_path / "killed").exists()
    assert found == in_one_process[1]
    assert contents(tmp_path / "out") == contents(in_one_process[0])


@pytest.mark.slow
def test_workers_of_this_machine_write_the_same_bytes(
    recourse: Recourse, path: Path, in_one_process: Any, tmp_path: Path
) -> None:
    assert recourse.recommend_files(path, tmp_path / "out", workers=2) == in_one_process[1]
    assert contents(tmp_path / "out") == contents(in_one_process[0])


@pytest.fixture
def threads(tmp_path: Path) -> Any:
    """A cluster that is there before: two workers in threads of this process."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "protocol": "tcp://"}
    place = {"dashboard_address": None, "local_directory": str(tmp_path / "dask")}
    with distributed.LocalCluster(**options, **place) as local:
        yield local.scheduler_address


@pytest.mark.slow
def test_a_cluster_goes_on_where_one_process_stopped(
    recourse: Recourse,
    path: Path,
    in_one_process: Any,
    threads: str,
    tmp_path: Path,
    classifier: Watched,
) -> None:
    classifier.before = At(PEOPLE.iloc[20], interrupt)  # of the second chunk
    with pytest.raises(KeyboardInterrupt):
        recourse.recommend_files(path, tmp_path / "out")
    assert len(list((tmp_path / "out" / "options").iterdir())) == 1
    classifier.before = None
    assert recourse.recommend_files(path, tmp_path / "out", cluster=threads) == in_one_process[1]
    assert contents(tmp_path / "out") == contents(in_one_process[0])


def test_what_a_worker_raises_is_raised_here(
    recourse: Recourse, classifier: Watched, path: Path, threads: str, tmp_path: Path
) -> None:
    def fail(rows: Any) -> None:
        raise ValueError("no such person")

    classifier.before = fail
    with pytest.raises(InputError, match=r"the classifier fails on rows .* no such person"):
        recourse.recommend_files(path, tmp_path / "out", cluster=threads)


def test_a_classifier_that_cannot_be_sent_is_told(
    recourse: Recourse, classifier: Any, path: Path, tmp_path: Path
) -> None:
    classifier.lock = threading.Lock()
    with pytest.raises(InputError, match="cannot be pickled"):
        recourse.recommend_files(path, tmp_path / "out", workers=2)
