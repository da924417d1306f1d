from __future__ import annotations

from importlib import resources

import numpy as np
import pandas as pd
import pytest

from carla_genre.datasets.adult import load_adult


@pytest.fixture(scope="module")
def adult():
    return load_adult()


def test_shapes_are_carlas(adult):
    assert [len(frame) for frame in adult] == [48_832, 36_624, 12_208]
    assert list(adult.df.columns) == list(adult.train.columns) == list(adult.test.columns)
    assert not adult.df.isna().any().any()


def test_train_and_test_are_a_partition_of_all_rows(adult):
    def counts(frame):
        return frame.value_counts(sort=False).sort_index()

    pd.testing.assert_series_equal(counts(pd.concat([adult.train, adult.test])), counts(adult.df))


def test_known_figures_of_the_raw_files(adult):
    # 7,841 + 3,846 people of the two UCI files earn more than 50,000; ten of 48,842 rows never worked.
    assert adult.df["income"].sum() == 7_841 + 3_846
    assert adult.df["sex"].value_counts().to_dict() == {"Male": 32_643, "Female": 16_189}
    assert adult.train["income"].mean() == pytest.approx(0.239, abs=5e-4)


def test_every_call_gives_fresh_frames(adult):
    again = load_adult()
    again.df.loc[0, "age"] = -1
    assert adult.df.loc[0, "age"] == 39
    assert load_adult().df.loc[0, "age"] == 39


def test_files_are_small_and_the_attribution_lies_beside_them():
    folder = resources.files("carla_genre.datasets") / "data"
    sizes = {file.name: len(file.read_bytes()) for file in folder.iterdir()}
    assert sum(sizes.values()) < 600_000
    attribution = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in attribution
    assert "10.24432/C5XW20" in attribution
    with (folder / "adult.npz").open("rb") as stream:
        assert all(array.dtype != object for array in dict(np.load(stream, allow_pickle=False)).values())


@pytest.mark.data
def test_equal_to_carlas_three_files(adult, csv_folder):
    for frame, file in zip(adult, ("adult.csv", "adult_train.csv", "adult_test.csv"), strict=True):
        pd.testing.assert_frame_equal(frame, pd.read_csv(csv_folder / file))
