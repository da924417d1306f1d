"""The same answers from worker processes as from one, and none lost with a worker."""

from __future__ import annotations

import copy
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from file_cases import PEOPLE, contents, write

from carla_genre import InputError, Recourse
from carla_genre.files import answering, table
from carla_genre.files.job import Job
from carla_genre.files.table import Chunk

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(PEOPLE, tmp_path_factory.mktemp("in") / "people.parquet", group=20)


@pytest.fixture(scope="module")
def in_one_process(recourse: Recourse, path: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("one") / "out"
    return out, recourse.recommend_files(path, out)


def die_once(job: Job, chunk: Chunk) -> None:
    """In a worker: be killed in the middle of the third chunk, at the first try."""
    mark = f"{job.folder}/../killed"
    if chunk.number == 2 and not os.path.exists(mark):
        with open(mark, "w"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    job.answer(chunk)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_worker_costs_nobody_an_answer(
    workers: int,
    recourse: Recourse,
    path: Path,
    in_one_process: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answering, "answer_chunk", die_once)
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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = table.FileTable.read

    def stop_at_the_second(self: table.FileTable, chunk: Chunk) -> Any:
        if chunk.number == 1:
            raise KeyboardInterrupt
        return read(self, chunk)

    monkeypatch.setattr(table.FileTable, "read", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        recourse.recommend_files(path, tmp_path / "out")
    assert len(list((tmp_path / "out" / "options").iterdir())) == 1
    monkeypatch.undo()
    assert recourse.recommend_files(path, tmp_path / "out", cluster=threads) == in_one_process[1]
    assert contents(tmp_path / "out") == contents(in_one_process[0])


def test_what_a_worker_raises_is_raised_here(
    recourse: Recourse, path: Path, threads: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(job: Job, chunk: Chunk) -> None:
        raise InputError(f"row group {chunk.group} is not to be read")

    monkeypatch.setattr(answering, "answer_chunk", wrong)
    with pytest.raises(InputError, match=r"row group \d is not to be read"):
        recourse.recommend_files(path, tmp_path / "out", cluster=threads)


def test_a_classifier_that_cannot_be_sent_is_told(
    recourse: Recourse, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = copy.copy(recourse.decision_.classifier)
    locked.lock = threading.Lock()
    monkeypatch.setattr(recourse.decision_, "classifier", locked)
    with pytest.raises(InputError, match="cannot be pickled"):
        recourse.recommend_files(path, tmp_path / "out", workers=2)
