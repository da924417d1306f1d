"""The timing of people in Parquet: its people, that both ways do the same, and that it runs."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.speed import parquet
from benchmarks.speed.table import read_timing
from carla_genre.datasets.adult import load_adult


def test_the_people_are_adults_in_row_groups(tmp_path: Path) -> None:
    parquet.write_people(tmp_path / "people.parquet", parquet.ROW_GROUP + 10)
    people, adult = pd.read_parquet(tmp_path / "people.parquet"), load_adult().train
    assert len(people) == parquet.ROW_GROUP + 10
    assert list(people) == list(adult)
    without = [name for name in adult if name != "fnlwgt"]
    assert (
        not pd.merge(people[without], adult[without].drop_duplicates(), how="left", indicator=True)["_merge"]
        .ne("both")
        .any()
    )


@pytest.mark.slow
def test_both_ways_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(parquet.FOLDER, str(tmp_path))
    recourse, people = parquet.train(), parquet.people_file(300)
    assert len(parquet.sample_by_chunks(recourse, people)) == len(parquet.sample_frame(recourse, people))
    parquet.answer_by_chunks(recourse, people)
    parquet.answer_frame(recourse, people)
    ours = pd.read_parquet(people.with_suffix(".options") / "options")
    reference = pd.read_parquet(people.with_suffix(".frame.parquet"))
    assert len(ours) > 10
    pd.testing.assert_frame_equal(ours, reference, check_names=False, check_index_type=False)


@pytest.mark.slow
def test_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "parquet_cpu.json"
    parquet.main(["--quick", "--json", str(path)])
    rows = read_timing(path).figures
    assert list(rows) == [
        "answers, one frame",
        "a sample of training rows, one frame",
        "answers by two workers, one process",
    ]
    assert all(row["ours_s"] > 0 and row["reference_s"] > 0 for row in rows.values())
