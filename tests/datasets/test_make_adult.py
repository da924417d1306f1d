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


def test_rows_are_found_in_their_order_and_equal_rows_once_each(script, tmp_path, monkeypatch):
    table = pd.DataFrame({"a": [1, 2, 1, 3], "b": ["x", "y", "x", "z"]})
    table.iloc[[3, 0]].to_csv(tmp_path / "adult_train.csv", index=False)
    table.iloc[[2, 1]].to_csv(tmp_path / "adult_test.csv", index=False)
    monkeypatch.setattr(script, "check", lambda name, content: content)
    split = script.split_positions(table, tmp_path)
    assert split["train"].tolist() == [3, 0]
    assert split["test"].tolist() == [2, 1]
