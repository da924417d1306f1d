"""What each person has of the figures survives whatever ends a run, and comes back as it was measured."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from carla_genre.harness import Cell, read_rows
from carla_genre.harness.record import read_record, write_record
from carla_genre.harness.rows import ROWS, collect_rows, write_rows

INDEX = ["key", "held", "person"]


def cell(seed):
    return Cell("adult", seed, "a", "CopyFactual")


def record(seed, rows=None, **more):
    rows = rows or {"cost": [0.5 + seed, None], "gold": [True, False]}
    return {"cell": vars(cell(seed)), "key": cell(seed).key, "rows": rows, **more}


def put(folder, seed, **more):
    return write_record(folder / cell(seed).file, record(seed, **more))


def test_the_json_has_no_rows_and_they_come_back_collected_or_not(tmp_path):
    held = {"scores": {"cost": 2.0}, "rows": {"cost": [2.0, 2.5]}, "report": {"lost": 1}}
    plain = put(tmp_path, 0, constrained=held)
    put(tmp_path, 1)
    assert plain == read_record(tmp_path / cell(0).file)
    assert "rows" not in plain and plain["constrained"] == {"scores": {"cost": 2.0}, "report": {"lost": 1}}
    before = read_rows(tmp_path)
    collect_rows(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {cell(0).file, cell(1).file, ROWS}
    after = read_rows(tmp_path)
    pd.testing.assert_frame_equal(before.sort_values(INDEX), after.sort_values(INDEX), check_index_type=False)
    first = after[after["key"] == cell(0).key]
    assert first["held"].tolist() == [False, False, True, True]
    assert first["person"].tolist() == [0, 1, 0, 1]
    np.testing.assert_array_equal(first["cost"], [0.5, np.nan, 2.0, 2.5])
    np.testing.assert_array_equal(first["gold"], [1.0, 0.0, np.nan, np.nan])
    assert list(read_rows(tmp_path, ["gold"])) == [*INDEX, "gold"]


def test_no_digit_is_lost(tmp_path):
    """Six digits behind the point are decimals; what has more, or is too large for them, stays a float."""
    random = np.random.default_rng(0)
    figures = {
        "rounded": (random.normal(size=500) * 10.0 ** random.integers(-5, 5, 500)).round(6).tolist(),
        "long": random.normal(size=500).tolist(),
        "large": (random.normal(size=500) * 1e70).tolist(),
    }
    put(tmp_path, 0, rows=figures)
    collect_rows(tmp_path)
    assert read_rows(tmp_path)[list(figures)].to_dict("list") == figures


def test_a_cell_that_is_measured_again_has_its_new_rows(tmp_path):
    for cost in (1.0, 3.0):
        put(tmp_path, 0, rows={"cost": [cost, cost]})
        put(tmp_path, 1)
        assert read_rows(tmp_path).query("key == @cell(0).key")["cost"].tolist() == [cost, cost]
        collect_rows(tmp_path)
    assert read_rows(tmp_path).query("key == @cell(0).key")["cost"].tolist() == [3.0, 3.0]
    (tmp_path / cell(1).file).unlink()
    put(tmp_path, 2)
    collect_rows(tmp_path)
    assert set(read_rows(tmp_path)["key"]) == {cell(0).key, cell(2).key}  # of no record that is gone


def test_rows_of_a_cell_without_a_record_wait_for_it(tmp_path):
    """As of a process that was killed between the two, or that is between them."""
    put(tmp_path, 0)
    (tmp_path / cell(0).file).unlink()
    collect_rows(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [cell(0).file.replace(".json", ".parquet")]
    put(tmp_path, 0)
    collect_rows(tmp_path)
    assert len(read_rows(tmp_path)) == 2


def test_a_folder_without_rows_has_none(tmp_path):
    assert len(read_rows(tmp_path)) == len(read_rows(tmp_path / "none")) == 0


@pytest.mark.parametrize("damage", ["none of rows", "empty", "cut", "flipped", "other columns", "a folder"])
@pytest.mark.parametrize("which", ["collected", "own"])
def test_a_damaged_file_is_named_left_as_it_is_and_hides_no_other(tmp_path, caplog, which, damage):
    put(tmp_path, 0)
    collect_rows(tmp_path)
    put(tmp_path, 1)
    names = {"collected": ROWS, "own": Path(cell(1).file).with_suffix(".parquet").name}
    path = tmp_path / names[which]
    content = path.read_bytes()
    if damage == "other columns":
        pd.DataFrame({"key": ["a"], "cost": [1.0]}).to_parquet(path)
    elif damage == "a folder":
        path.unlink()
        path.mkdir()
    else:
        flipped = bytearray(content)
        flipped[4 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4)
        damaged = {"none of rows": b"{}", "empty": b"", "cut": content[:-9], "flipped": bytes(flipped)}
        path.write_bytes(damaged[damage])
    left = cell(1 if which == "collected" else 0).key
    for _ in range(2):
        assert set(read_rows(tmp_path)["key"]) == {left}
        assert path.name in caplog.text
        collect_rows(tmp_path)
    assert path.exists()
    put(tmp_path, 2)
    collect_rows(tmp_path)
    assert set(read_rows(tmp_path)["key"]) == {left, cell(2).key}


def writes(folder, seeds):
    for seed in seeds:
        put(folder, seed)
        collect_rows(folder)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="flock, signals")
def test_processes_that_share_a_folder_lose_no_row_though_one_is_killed(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=writes, args=(tmp_path, range(start, 60, 3)), daemon=True)
        for start in range(3)
    ]
    for worker in workers:
        worker.start()
    while len(list(tmp_path.glob("*.json"))) < 10:
        time.sleep(0.001)
    os.kill(workers[0].pid, signal.SIGKILL)
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [-signal.SIGKILL, 0, 0]
    there = {path.stem.rpartition("_")[2] for path in tmp_path.glob("*.json")}
    assert there >= {cell(seed).key for seed in range(60) if seed % 3}
    assert set(read_rows(tmp_path)["key"]) >= there
    writes(tmp_path, range(0, 60, 3))  # the same command again
    assert {path.suffix for path in tmp_path.iterdir() if not path.name.startswith(".")} == {
        ".json",
        ".parquet",
    }
    assert [path.name for path in tmp_path.glob("*.parquet")] == [ROWS]
    rows = read_rows(tmp_path)
    assert len(rows) == 2 * 60 and not rows.duplicated(INDEX).any()


def test_no_flipped_bit_gives_other_rows(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"key": "a", "held": False, "person": range(40), "cost": np.linspace(0, 1, 40).round(4)}
    )
    write_rows(tmp_path / ROWS, rows)
    content, random = (tmp_path / ROWS).read_bytes(), np.random.default_rng(0)
    for place, bit in zip(random.integers(0, len(content), 60), random.integers(0, 8, 60), strict=True):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(bit)
        (tmp_path / ROWS).write_bytes(damaged)
        assert read_rows(tmp_path).empty
