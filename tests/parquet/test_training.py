"""Training rows read by row groups are those of the frame."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from method_cases import QUICK, applicants
from parquet_cases import write

from carla_genre import GenRe, InputError
from carla_genre.parquet import ParquetRows, source
from carla_genre.parquet.kept_rows import EvenSample, OnDisk


@pytest.fixture(scope="module")
def raw(genre):
    """The classifier's training rows, as they were before they were encoded."""
    return applicants().loc[genre._mlmodel.data.df_train.index]


def sides(genre, people, **changes):
    """What GenRe is given to learn from."""
    return people.sides(genre.classifier, replace(genre._config.pairs, **changes))


def as_set(rows):
    return set(map(tuple, np.asarray(rows).tolist()))


@pytest.mark.parametrize("denied", ["text", "code"])
def test_row_groups_train_the_generator_that_the_frame_does(genre, raw, tmp_path, monkeypatch, denied):
    monkeypatch.setattr(source, "BATCH_ROWS", 64)
    write(raw[:500], tmp_path / "in" / "a.parquet", group=150)
    write(raw[500:], tmp_path / "in" / "b.parquet", group=10_000)
    hyperparams, mlmodel = {**QUICK, "denied": denied}, genre._mlmodel
    of_frame = GenRe(mlmodel, hyperparams)
    of_groups = GenRe(mlmodel, hyperparams, source=ParquetRows(tmp_path / "in", folder=tmp_path))
    expected = of_frame.generator.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in of_groups.generator.state_dict().items())
    assert of_groups.history.validation == of_frame.history.validation
    assert [path.name for path in tmp_path.iterdir()] == ["in"]  # the kept rows' files have no name


def test_bad_rows_are_left_out_and_told(genre, raw, tmp_path, caplog):
    bad = raw.astype({"income": float, "approved": float}).reset_index(drop=True)
    bad.loc[0, "income"] = np.nan
    bad.loc[1, "job"] = "astronaut"
    bad.loc[2, "approved"] = np.nan
    with caplog.at_level(logging.WARNING, "carla_genre"):
        found = sides(genre, ParquetRows(write(bad, tmp_path / "bad.parquet")))
    expected = sides(genre, ParquetRows(write(bad[3:], tmp_path / "good.parquet")))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert f"3 of {len(raw)} rows are left out" in caplog.text
    assert "unknown category 'astronaut' in 'job' (1)" in caplog.text
    assert "missing value in 'approved' (1)" in caplog.text


def test_an_accepted_row_beyond_the_classifiers_range_is_no_target(genre, raw, tmp_path):
    rich = raw.assign(income=raw["income"].where(raw["approved"] == 0, raw["income"].max() + 1))
    with pytest.raises(InputError, match="0 of them in the allowed ranges"):
        GenRe(genre._mlmodel, QUICK, source=ParquetRows(write(rich, tmp_path / "rich.parquet")))


def test_words_for_labels(genre, raw, tmp_path):
    words = raw.assign(approved=raw["approved"].map({0: "no", 1: "yes "}))
    path = write(words, tmp_path / "words.parquet")
    expected = sides(genre, ParquetRows(write(raw, tmp_path / "numbers.parquet")))
    for one, other in zip(sides(genre, ParquetRows(path, positive="yes")), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match=r"the label 'approved' holds '(no|yes)': say with positive="):
        sides(genre, ParquetRows(path))
    with pytest.raises(InputError, match="no training row has label 1"):
        sides(genre, ParquetRows(path, positive="maybe"))


def test_empty_sides_are_told_as_from_a_frame(genre, raw, tmp_path):
    path = write(raw, tmp_path / "in.parquet")
    with pytest.raises(InputError, match=r"no training row with label 1 has h > gamma = 0\.9999"):
        sides(genre, ParquetRows(path), gamma=0.9999999)
    with pytest.raises(InputError, match="D_h- is empty"):
        sides(genre, ParquetRows(write(raw.assign(approved=1), tmp_path / "ones.parquet")))
    with pytest.raises(InputError, match="lacks the label's column 'approved'"):
        sides(genre, ParquetRows(write(raw.drop(columns="approved"), tmp_path / "none.parquet")))
    with pytest.raises(InputError, match="at_most must be 1 or more"):
        ParquetRows(path, at_most=0)


def test_a_sample_is_the_same_however_the_rows_are_cut(genre, raw, tmp_path, monkeypatch):
    whole = sides(genre, ParquetRows(write(raw, tmp_path / "one.parquet", group=10_000)))
    samples = []
    for group, batch in ((10_000, 10_000), (170, 1000), (500, 300)):
        monkeypatch.setattr(source, "BATCH_ROWS", batch)
        path = write(raw, tmp_path / "in.parquet", group=group)
        samples.append(sides(genre, ParquetRows(path, at_most=40, seed=3)))
    for sample in samples:
        for side, first, every in zip(sample, samples[0], whole, strict=True):
            assert side.shape == (40, every.shape[1])
            np.testing.assert_array_equal(side, first)
            assert as_set(side) <= as_set(every)
    other = sides(genre, ParquetRows(path, at_most=40, seed=4))
    assert as_set(other.denied) != as_set(samples[0].denied)
    few = sides(genre, ParquetRows(path, at_most=10**6))
    np.testing.assert_array_equal(few.denied, whole.denied)


def test_every_row_is_as_likely_in_the_sample():
    rows, times = np.arange(30)[:, None].astype(float), np.zeros(30)
    for seed in range(2000):
        sample = EvenSample(1, 6, np.random.default_rng(seed))
        for part in np.split(rows, [1, 8, 20]):
            sample.add(part)
        kept = sample.array()[:, 0].astype(int)
        assert len(kept) == 6 and (np.diff(kept) > 0).all()
        times[kept] += 1
    # Each is in a fifth of the 2,000 samples, by the binomial's standard deviation of 18.
    assert abs(times - 400).max() < 4.5 * 18


def test_rows_on_disk_come_back_as_they_were(tmp_path):
    rows = np.random.default_rng(0).random((100, 3))
    with (tmp_path / "rows").open("w+b") as file:
        room = OnDisk(3, file)
        for part in np.split(rows[:, ::-1], [0, 7, 50]):
            room.add(part)
        array = room.array()
    assert isinstance(array, np.memmap) and len(array) == 100
    np.testing.assert_array_equal(array, rows[:, ::-1])


def test_a_folder_that_is_not_there(genre, raw, tmp_path):
    people = ParquetRows(write(raw, tmp_path / "in.parquet"), folder=tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"training rows in .*nowhere cannot be written"):
        sides(genre, people)


def test_no_row_to_learn_from_is_one_error_that_says_why(genre, raw, tmp_path):
    for at_most in (None, 50):
        people = ParquetRows(write(raw[:0].astype(raw.dtypes), tmp_path / "in.parquet"), at_most=at_most)
        with pytest.raises(InputError, match="has no row that can be learned from"):
            sides(genre, people)
    people = ParquetRows(write(raw.assign(income=np.nan), tmp_path / "in.parquet"))
    with pytest.raises(InputError, match="learned from: missing value in 'income'"):
        sides(genre, people)
