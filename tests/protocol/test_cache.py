"""What the protocol trains is kept by content."""

import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from protocol_cases import loans

from carla_genre.errors import InputError
from carla_genre.protocol import OwnTable, cache, prepare
from carla_genre.protocol.data import load_protocol_data


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "loans.csv"
    loans(400, 0).to_csv(path, index=False)
    return OwnTable("loans", str(path), {"target": "granted", "immutables": ["sex"]})


@pytest.fixture(scope="module")
def filled(table, tmp_path_factory):
    """A folder with what seed 3 trains."""
    cache.forget()
    folder = tmp_path_factory.mktemp("cache")
    prepare(table, 3, 10, cache=folder)
    return folder


@pytest.fixture
def folder(filled, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(filled, tmp_path / "cache"))


@pytest.fixture
def afresh(table):
    """Prepare as a new process would: nothing is remembered."""

    def run(folder, seed=3):
        cache.forget()
        return prepare(table, seed, 10, cache=folder)

    yield run
    cache.forget()


def test_what_is_read_is_what_was_trained(afresh, tmp_path):
    trained, again = afresh(tmp_path), afresh(tmp_path)
    assert trained is not again
    rows = trained.data.df_test
    np.testing.assert_array_equal(trained.mlmodel.predict(rows), again.mlmodel.predict(rows))
    np.testing.assert_array_equal(trained.gold.probability(rows), again.gold.probability(rows))
    inliers = trained.judge.inlier_test.inliers
    np.testing.assert_array_equal(inliers(rows), again.judge.inlier_test.inliers(rows))
    pd.testing.assert_frame_equal(trained.factuals, again.factuals)
    pd.testing.assert_frame_equal(trained.data.df_train, again.data.df_train)
    assert trained.checks == again.checks
    assert trained.seconds == again.seconds  # of the training, not of the reading
    assert trained.seconds["h"] > 0


def test_the_second_time_nothing_is_trained(afresh, folder):
    """A training takes other seconds each time."""
    first, again, without = afresh(folder), afresh(folder), afresh(None)
    assert again.seconds == first.seconds
    assert all(without.seconds[part] != first.seconds[part] for part in ("gold", "h"))


def test_another_seed_shares_the_gold_classifier_only(afresh, folder):
    afresh(folder, seed=4)
    assert len(list(folder.glob("gold-*.joblib"))) == 1
    assert len(list(folder.glob("h-*.joblib"))) == 2


@pytest.mark.parametrize("pattern", ["gold-*.joblib", "h-*.joblib"])
def test_a_broken_file_is_made_again(afresh, folder, pattern, caplog):
    whole = afresh(folder)
    (path,) = folder.glob(pattern)
    path.write_bytes(path.read_bytes()[:100])
    again = afresh(folder)
    assert "cannot be read" in caplog.text
    rows = whole.data.df_test
    np.testing.assert_array_equal(whole.mlmodel.predict(rows), again.mlmodel.predict(rows))
    assert path.stat().st_size > 1000


def test_a_folder_that_cannot_be_written_is_a_warning(afresh, folder, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    there, nowhere = afresh(folder), afresh(tmp_path / "file" / "cache")
    assert "cannot be written" in caplog.text
    rows = there.data.df_test
    np.testing.assert_array_equal(there.mlmodel.predict(rows), nowhere.mlmodel.predict(rows))


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owner here")
def test_another_user_s_pickle_is_not_read(afresh, folder, monkeypatch, caplog):
    mine, whole = os.getuid(), afresh(folder)
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    again = afresh(folder)
    assert "another user" in caplog.text
    assert all(again.seconds[part] != whole.seconds[part] for part in ("gold", "h"))  # trained anew


def test_the_key_tells_everything_that_counts():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [0, 1]})
    keys = [
        cache.content_key("gold", frame, 1),
        cache.content_key("h", frame, 1),
        cache.content_key("gold", frame, 2),
        cache.content_key("gold", frame.rename(columns={"a": "c"}), 1),
        cache.content_key("gold", frame[["b", "a"]], 1),
        cache.content_key("gold", frame.assign(a=[1.0, 2.0 + 1e-15]), 1),
        cache.content_key("gold", frame.iloc[::-1], 1),
    ]
    assert len(set(keys)) == len(keys)
    assert cache.content_key("gold", frame.set_axis([5, 6]).astype({"b": "int8"}), 1) == keys[0]


def test_another_version_is_another_key(monkeypatch):
    frame = pd.DataFrame({"a": [1.0]})
    before = cache.content_key("h", frame)
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"{version(name)}.1")
    assert cache.content_key("h", frame) != before


def write(folder):
    for value in range(20):
        (folder / "h-1.joblib").unlink(missing_ok=True)
        found = cache.kept(folder, "h-1", lambda value=value: np.full(90_000, value))
        if not (found == found[0]).all():
            return False
    return True


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no processes that share a module"
)
def test_several_processes_write_at_the_same_time(tmp_path):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        assert all(pool.map(write, [tmp_path, tmp_path]))
    assert not list(tmp_path.glob("*.part"))


def test_fewer_rows_are_the_same_ones_for_every_seed(table):
    whole, part = load_protocol_data(table), load_protocol_data(table, rows=90)
    assert len(part.df_train) == 90
    assert len(part.df_test) == round(len(whole.df_test) * 90 / len(whole.df_train))
    pd.testing.assert_frame_equal(part.df_train, load_protocol_data(table, rows=90).df_train)
    kept = part.df_train.merge(whole.df_train.drop_duplicates())
    assert len(kept) == 90
    assert len(load_protocol_data(table, rows=10**6).df_train) == len(whole.df_train)


def test_an_unknown_option_of_a_table_is_refused(table):
    with pytest.raises(InputError, match=r"immutables: there is no column 'sxe'.*'sex'"):
        load_protocol_data(OwnTable("loans", table.csv, {**table.options, "immutables": ["sxe"]}))


def test_text_levels_are_refused_by_name(table):
    texts = OwnTable("loans", table.csv, {**table.options, "encoding_method": "Identity"})
    with pytest.raises(InputError, match=r"loans: the protocol's classifiers .*'sex'.* hold text.*'OneHot'"):
        prepare(texts, 3, 10)
