"""The grid on a Dask cluster gives the numbers of the sequential run."""

import contextlib
import sys
import time

import pytest
from harness_cases import measures

from carla_genre.cluster import connect
from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.harness import cluster, read_grid, run_grid
from carla_genre.harness.measure import measure


def test_without_dask_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'carla-genre\[cluster\]'"):
        run_grid([], tmp_path, cluster="tcp://127.0.0.1:9")


def test_a_cluster_that_is_not_there_is_named():
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with pytest.raises(
        InputError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'.*dask scheduler"
    ):
        connect("tcp://127.0.0.1:9", timeout_s=1.0)


@pytest.mark.parametrize("address", ["nowhere", "scheduler.json", "tcp://host"])
def test_what_is_no_address_is_told_at_once(tmp_path, address):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with pytest.raises(InputError, match=r"neither an address with a port, .* nor a scheduler file"):
        run_grid([], tmp_path, cluster=address)


@contextlib.contextmanager
def two_workers(folder, **where):
    """A local cluster of two workers; its scheduler's address."""
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, **where}
    with distributed.LocalCluster(**options, local_directory=str(folder / "dask")) as local:
        yield local.scheduler_address


@pytest.fixture
def two_processes(tmp_path):
    """Worker processes, as two machines would be."""
    with two_workers(tmp_path, processes=True) as address:
        yield address


@pytest.fixture
def two_threads(tmp_path):
    """Workers in threads of this process: their cells have processes of their own all the same."""
    with two_workers(tmp_path, processes=False, protocol="tcp://") as address:
        yield address


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["two_threads", "two_processes"])
def test_two_workers_give_the_numbers_of_one_process(workers, request, grid_file, paths, tmp_path):
    address = request.getfixturevalue(workers)
    methods = {"NNR": {"hyperparams": {"gamma": 0.5}}, "dies": {"method": "misbehaving:Killed"}}
    cells = read_grid(grid_file(methods))
    records = run_grid(cells, tmp_path / "out", paths, cluster=address)
    assert [(tmp_path / "out" / cell.file).exists() for cell in cells] == [True, True]
    assert records[1]["error"]["message"].startswith("the process was ended by SIGKILL")
    assert measures(records[0], tmp_path / "out") == measures(measure(cells[0], paths))
    assert run_grid(cells[:1], tmp_path / "out", paths, cluster=address) == records[:1]  # it is finished


def cells_running():
    """Asked on a worker: how many cells' processes it has."""
    import psutil

    def runs_a_cell(process):
        try:
            return "carla_genre.harness.child" in " ".join(process.cmdline())
        except psutil.NoSuchProcess:  # it has ended, waited for or not
            return False

    return sum(runs_a_cell(process) for process in psutil.Process().children())


@pytest.mark.slow
def test_leaving_early_ends_what_runs_on_the_workers(two_processes, grid_file, paths, tmp_path):
    import distributed

    mark = tmp_path / "mark"
    methods = {
        "sleeps": {"method": "misbehaving:Sleeps", "hyperparams": {"mark": str(mark)}},
        "CopyFactual": None,
    }
    done = cluster.measure_on_cluster(read_grid(grid_file(methods)), paths, two_processes, None)
    cell, record = next(done)
    assert cell.label == "CopyFactual"
    assert record["scores"]["cost"] == 0

    def within(seconds, condition):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.2)
        return condition()

    with distributed.Client(two_processes, set_as_default=False) as client:
        assert within(120, mark.exists)
        assert sum(client.run(cells_running).values()) == 1
        done.close()  # as Ctrl-C does
        assert within(60, lambda: sum(client.run(cells_running).values()) == 0)
