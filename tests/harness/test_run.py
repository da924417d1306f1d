"""A grid runs through whatever its cells do, goes on where it was, and gives the same numbers however it is run."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness_cases import THREE, Log, here, measures

from carla_genre.errors import InputError
from carla_genre.harness import Cell, Paths, read_grid, run_grid
from carla_genre.harness.child import run_in_subprocess
from carla_genre.harness.record import failure
from carla_genre.harness.run import records_of
from carla_genre.io import claimed


def test_each_cell_leaves_a_record_of_its_name(run, grid_file, tmp_path):
    cells = read_grid(grid_file(THREE))
    records = run(cells)
    assert [record["key"] for record in records] == [cell.key for cell in cells]
    assert not [record for record in records if "error" in record]
    there = {path.name for path in (tmp_path / "records").iterdir()}
    assert there == {*(cell.file for cell in cells), "rows.parquet"}
    assert json.loads((tmp_path / "records" / cells[0].file).read_text()) == records[0]


def test_finished_cells_are_skipped_and_failed_ones_run_again(run, grid_file, tmp_path):
    mark = tmp_path / "mark"
    methods = {
        "good": {"method": "misbehaving:Stay", "hyperparams": {"mark": str(mark)}},
        "bad": {"method": "misbehaving:Fails", "hyperparams": {"mark": str(mark)}},
        "none": {"method": "CopyFactual"},
    }
    cells, log = read_grid(grid_file(methods)), Log()
    first = run(cells)
    assert len(mark.read_text().splitlines()) == 2
    second = run(cells, progress=log)
    assert len(mark.read_text().splitlines()) == 3  # the bad one
    assert log.lines[0] == "2 of 3 cells are finished already"
    assert len(log.lines) == 2
    assert [second[0], second[2]] == [first[0], first[2]]


def test_a_failing_method_is_recorded_with_its_reason_and_stops_nothing(run, grid_file):
    log = Log()
    methods = {"bad": {"method": "misbehaving:Fails"}, "CopyFactual": None}
    bad, good = run(read_grid(grid_file(methods)), progress=log)
    assert bad["error"]["type"] == "ZeroDivisionError"
    assert bad["error"]["message"] == "nothing to divide"
    assert 'File "misbehaving.py"' in "".join(bad["error"]["traceback"])  # and no folder of this machine
    assert "scores" not in bad
    assert good["scores"]["cost"] == 0
    assert any("bad: failed, ZeroDivisionError: nothing to divide" in line for line in log.lines)


def test_too_many_people_is_a_failure_of_the_cell(run, grid_file):
    (record,) = run(read_grid(grid_file({"CopyFactual": None}, people=1000)))
    assert "1000 denied test rows are needed" in record["error"]["message"]


@pytest.mark.slow
def test_two_at_a_time_give_the_same_numbers_as_one(run, grid_file, tmp_path):
    cells = read_grid(grid_file(THREE, seeds=[0, 1]))
    one, two = run(cells, "one"), run(cells, "two", workers=2)
    for record, other in zip(one, two, strict=True):
        assert measures(record, tmp_path / "one") == measures(other, tmp_path / "two")


@pytest.mark.skipif(os.name != "posix", reason="locks")
def test_two_runs_at_once_measure_each_cell_once_and_both_have_all_records(run, grid_file):
    methods = {**THREE, "bad": {"method": "misbehaving:Fails"}}
    cells, measured, together = read_grid(grid_file(methods)), [], threading.Barrier(2)
    failed = run(cells[-1:])  # of a run before: it is tried again, once

    def measure_one(cell, *rest):
        measured.append(cell.label)
        if len(measured) <= 2:
            together.wait(20)  # both are at it
        return here(cell, *rest)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: run(cells, measure_one=measure_one), range(2))
    assert sorted(measured) == sorted(methods)
    assert one == two
    assert [record["cell"]["label"] for record in one if "error" in record] == ["bad"]
    assert failed[0]["key"] == one[-1]["key"]


@pytest.mark.skipif(os.name != "posix", reason="locks")
def test_a_cell_whose_run_is_gone_without_a_record_is_measured_by_the_one_that_waits(run, tmp_path):
    cell, waits = Cell("adult", 0, "a", "x"), threading.Event()

    def gone():
        with claimed(tmp_path / "records", cell.key) as is_ours:
            assert is_ours
            waits.wait(20)

    def measure_one(cell, *rest):
        assert not other.is_alive()
        return failure(cell, RuntimeError("mine"))

    other = threading.Thread(target=gone)
    other.start()
    threading.Timer(0.3, waits.set).start()
    (record,) = run([cell], measure_one=measure_one)
    assert record["error"]["message"] == "mine"


def test_as_many_run_at_a_time_as_there_are_workers(run):
    cells = [Cell("adult", seed, "a", "CopyFactual") for seed in range(7)]
    now, most, lock = [], [], threading.Lock()

    def measure_one(cell, *rest):
        with lock:
            now.append(cell)
            most.append(len(now))
        time.sleep(0.05)
        with lock:
            now.remove(cell)
        return {"cell": vars(cell), "key": cell.key, "error": {"type": "", "message": ""}}

    run(cells, workers=3, measure_one=measure_one)
    assert max(most) == 3


def test_ctrl_c_ends_a_cell_that_is_measured_in_this_process(run):
    ended = []

    def measure_one(cell, *rest):
        signal.raise_signal(signal.SIGINT)
        ended.append(cell)
        return failure(cell, RuntimeError("was not interrupted"))

    with pytest.raises(KeyboardInterrupt):
        run([Cell("adult", seed, "a", "CopyFactual") for seed in range(2)], measure_one=measure_one)
    assert not ended


@pytest.mark.slow
def test_an_interruption_leaves_whole_records_and_no_cell_running(run, grid_file, tmp_path):
    cells, killed = read_grid(grid_file(THREE, seeds=[0, 1])), []

    class Interrupted(Log):
        def finish(self, cell, record):
            raise KeyboardInterrupt

    def measure_one(cell, paths, time_limit, stopped, gpu):
        if cell == cells[0]:
            return here(cell, paths)
        while not stopped():
            time.sleep(0.01)
        killed.append(cell)
        return failure(cell, RuntimeError("stopped"))

    with pytest.raises(KeyboardInterrupt):
        run(cells, progress=Interrupted(), workers=3, measure_one=measure_one)
    left = {path.name for path in (tmp_path / "records").iterdir()}
    assert left == {cells[0].file, cells[0].file.replace(".json", ".parquet")}
    assert cells[-1] not in killed  # it was never begun
    for record, other in zip(run(cells), run(cells, "uninterrupted"), strict=True):
        assert measures(record, tmp_path / "records") == measures(other, tmp_path / "uninterrupted")


def test_a_record_of_another_configuration_is_not_taken(run, grid_file, tmp_path):
    (cell,) = read_grid(grid_file({"CopyFactual": None}))
    (record,) = run([cell])
    path = tmp_path / "records" / cell.file
    path.write_text(json.dumps({**record, "key": "another", "scores": None}))
    assert run([cell])[0]["scores"] == record["scores"]
    path.write_text("{")
    with pytest.raises(InputError, match=r"is no record of a benchmark, remove it"):
        run([cell])


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [
        ("scores", None, "a part is of another type"),
        ("scores", {}, "it lacks 'violations'"),
        ("scores", {"score": "x", "violations": {"rows": 0}}, "a part is of another type: could not convert"),
        ("cpu_seconds", {"prepare": 1.0}, "it lacks 'answer'"),
        ("environment", {"commit": "a"}, "it lacks 'hardware'"),
        ("constrained", {"scores": {"violations": {"rows": 0}}}, "it lacks 'report'"),
    ],
)
def test_a_record_without_what_a_table_takes_is_named_with_the_way_out(tmp_path, part, value, reason):
    cell, seconds = Cell("moons", 0, "NNR", "NNR"), {"prepare": 1.0, "answer": 1.0}
    record = {
        "cell": {"data": "moons", "seed": 0, "label": "NNR"},
        "key": cell.key,
        "scores": {"score": 1.0, "cost": None, "violations": {"rows": 0}},
        "seconds": seconds,
        "cpu_seconds": seconds,
        "environment": {"hardware": {"gpu": None}},
    }
    (tmp_path / cell.file).write_text(json.dumps(record))
    assert records_of([cell], tmp_path) == [record]
    (tmp_path / cell.file).write_text(json.dumps({**record, part: value}))
    for read in (records_of, run_grid):
        with pytest.raises(InputError, match=rf"{cell.file} is no whole .* remove it .*: {reason}"):
            read([cell], tmp_path)


def test_missing_data_are_told_before_anything_starts(tmp_path):
    cells = [Cell("adult", 0, "a", "CopyFactual"), Cell("compas", 0, "a", "CopyFactual")]
    (tmp_path / "data").mkdir()

    def measure_one(*arguments):
        raise AssertionError("started")

    with pytest.raises(InputError, match=r"compas"):
        run_grid(cells, tmp_path, Paths(str(tmp_path / "data")), progress=Log(), measure_one=measure_one)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"workers": 0}, "workers must be 1 or more"), ({"time_limit": 0}, "time_limit must be above 0")],
)
def test_wrong_options_are_refused(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        run_grid([], tmp_path, **options)


def test_a_file_in_the_folder_s_place_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"rows\.parquet cannot be written"):
        run_grid([], tmp_path / "file")


def test_a_folder_that_takes_no_file_is_told_before_anything_starts(tmp_path, monkeypatch):
    def refuse(*arguments, **named):
        raise PermissionError("not yours")

    monkeypatch.setattr("pathlib.Path.touch", refuse)  # root may write everywhere
    with pytest.raises(InputError, match="cannot be written: not yours"):
        run_grid([Cell("adult", 0, "a", "CopyFactual")], tmp_path / "out", measure_one=refuse)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_processes_that_die_or_sleep_are_recorded_beside_good_ones(grid_file, paths, tmp_path):
    """Real processes, two at a time: the whole way that `carla-genre benchmark` goes."""
    methods = {name.lower(): {"method": f"misbehaving:{name}"} for name in ("Exits", "Killed", "Sleeps")}
    methods["folder"] = {"method": "misbehaving:TellsFolder"}
    cells = read_grid(grid_file({**methods, "NNR": {"hyperparams": {"gamma": 0.5}}}))

    def measure_one(cell, paths, time_limit, *rest):
        # Only the sleeper has a limit: how long the others take depends on the machine.
        return run_in_subprocess(cell, paths, 3 if cell.label == "sleeps" else None, *rest)

    records = run_grid(cells, tmp_path, paths, workers=2, progress=Log(), measure_one=measure_one)
    reasons = [record["error"]["message"] for record in records[:3]]
    assert reasons[0].startswith("the process ended with status 3")
    assert "my last words" in reasons[0]
    assert reasons[1].startswith("the process was ended by SIGKILL")
    assert reasons[2].startswith("stopped after the time limit of 3 s")
    folder = records[3]["hyperparams"]["models"]
    assert folder != os.environ["CF_MODELS"]  # an autoencoder of another cell's is not found
    assert not os.path.exists(folder)
    assert measures(records[4], tmp_path) == measures(here(cells[4], paths))
