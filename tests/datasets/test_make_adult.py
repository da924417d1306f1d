from __future__ import annotations

import importlib.util
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from carla_genre.datasets.adult import load_adult

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_adult.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_adult", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def embedded(name):
    with (resources.files("carla_genre.datasets") / "data" / name).open("rb") as stream:
        return dict(np.load(stream, allow_pickle=False))


def test_embedded_table_is_what_the_script_packs(script):
    packed, kept = script.pack(load_adult().df), embedded("adult.npz")
    assert list(packed) == list(kept)
    for name, array in packed.items():
        assert array.dtype == kept[name].dtype
        assert (array == kept[name]).all()


def test_embedded_table_has_the_checksum_of_carlas_file(script):
    text = load_adult().df.to_csv(index=False, lineterminator="\n")
    assert script.check("adult.csv", text.encode()) == text.encode()
    with pytest.raises(SystemExit, match=r"adult\.csv: SHA-256 is .* expected e98ef378"):
        script.check("adult.csv", text.replace("39,", "38,", 1).encode())


def test_embedded_split_has_the_checksums_of_carlas_files(script):
    _, train, test = load_adult()
    for file, frame in (("adult_train.csv", train), ("adult_test.csv", test)):
        script.check(file, frame.to_csv(index=False, lineterminator="\n").encode())


def test_a_file_that_is_not_ucis_is_refused(script, tmp_path):
    (tmp_path / "adult.data").write_text("39, State-gov\n")
    with pytest.raises(SystemExit, match=r"adult\.data"):
        script.adult_table(tmp_path)


@pytest.mark.slow
def test_rows_are_found_in_their_order_and_equal_rows_once_each(script, tmp_path):
    table, *parts = load_adult()
    for name, frame in zip(("train", "test"), parts, strict=True):
        (tmp_path / f"adult_{name}.csv").write_text(frame.to_csv(index=False, lineterminator="\n"))
    split = script.split_positions(table, tmp_path)
    for name, frame in zip(("train", "test"), parts, strict=True):
        pd.testing.assert_frame_equal(table.iloc[split[name]].reset_index(drop=True), frame)
    assert table.duplicated().any()
    assert np.unique(np.concatenate(list(split.values()))).tolist() == list(range(len(table)))
