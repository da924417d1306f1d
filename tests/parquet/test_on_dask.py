"""The same answers from worker processes as from one, and none lost with a worker."""

import os
import signal
import threading

import pytest
from parquet_cases import CLASSIFIER, contents, people, write
from sklearn.ensemble import RandomForestClassifier

from carla_genre import InputError
from carla_genre.parquet import answer_parquet, answering, source
from carla_genre.parquet.job import answer_group
from carla_genre.selection import calibration, surrogate

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(people(), tmp_path_factory.mktemp("in") / "people.parquet", group=20)


@pytest.fixture(scope="module")
def in_one_process(generator, path, tmp_path_factory):
    out = tmp_path_factory.mktemp("one") / "out"
    return out, answer_parquet(generator, CLASSIFIER, path, out, verbose=False)


def die_once(job, group):
    """In a worker: be killed in the middle of the third row group, at the first try."""
    mark = f"{job.out}/../killed"
    if group.part == 2 and not os.path.exists(mark):
        with open(mark, "w"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    return answer_group(job, group)


def always_die(job, group):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_two_workers_one_of_which_is_killed_write_the_same_bytes(
    generator, path, in_one_process, tmp_path, monkeypatch
):
    monkeypatch.setattr(answering, "answer_group", die_once)
    counts = answer_parquet(generator, CLASSIFIER, path, tmp_path / "out", workers=2, verbose=False)
    assert (tmp_path / "killed").exists()
    assert counts == in_one_process[1]
    assert contents(tmp_path / "out") == contents(in_one_process[0])


@pytest.fixture
def threads(tmp_path):
    """A cluster that is there before: two workers in threads of this process."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "protocol": "tcp://"}
    place = {"dashboard_address": None, "local_directory": str(tmp_path / "dask")}
    with distributed.LocalCluster(**options, **place) as local:
        yield local.scheduler_address


@pytest.mark.slow
def test_a_cluster_by_its_address_goes_on_where_one_process_stopped(
    generator, path, in_one_process, threads, tmp_path, monkeypatch
):
    def stop_at_the_second(groups, columns):
        if groups[0].part == 1:
            raise KeyboardInterrupt
        return source.read_batches(groups, columns)

    monkeypatch.setattr("carla_genre.parquet.job.read_batches", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        answer_parquet(generator, CLASSIFIER, path, tmp_path / "out", verbose=False)
    assert len(list((tmp_path / "out" / "answers").iterdir())) == 1
    monkeypatch.undo()
    counts = answer_parquet(generator, CLASSIFIER, path, tmp_path / "out", cluster=threads, verbose=False)
    assert counts == in_one_process[1]
    assert contents(tmp_path / "out") == contents(in_one_process[0])


@pytest.mark.slow
def test_a_worker_grows_the_forest_once_and_answers_as_one_process(
    genre, path, threads, tmp_path, monkeypatch
):
    generator, grown = tmp_path / "expected.safetensors", []
    genre.with_sampling(selection="expected", n_samples=5).save(generator)

    class Counted(RandomForestClassifier):
        def fit(self, *arguments):
            grown.append(threading.current_thread().name)
            return super().fit(*arguments)

    monkeypatch.setattr(surrogate, "RandomForestClassifier", Counted)
    monkeypatch.setattr(surrogate, "TREES", 10)
    monkeypatch.setattr(calibration, "MOST_DRAWS", 1)
    one, two = ([generator, CLASSIFIER, path, tmp_path / name] for name in ("one", "two"))
    counts = answer_parquet(*one, verbose=False)
    assert len(grown) == 1 and counts.answers > 10
    assert answer_parquet(*two, cluster=threads, verbose=False) == counts
    # Once for all row groups and threads of the workers.
    assert len(grown) == 2
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_what_a_worker_raises_is_raised_here(generator, path, threads, tmp_path, monkeypatch):
    def wrong(job, group):
        raise InputError(f"row group {group.number} is not to be read")

    monkeypatch.setattr(answering, "answer_group", wrong)
    with pytest.raises(InputError, match=r"row group \d is not to be read"):
        answer_parquet(generator, CLASSIFIER, path, tmp_path / "out", cluster=threads, verbose=False)
