"""OnlineCatalog from a cache filled beforehand, CsvCatalog's split, and downloads that fail."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import numpy as np
import pandas as pd
import pytest
from people import ROLES, csv_file

import carla_genre  # noqa: F401
from carla_genre.carla_compat.repairs.data_catalogs import whole_file_or_none
from carla_genre.datasets.adult import load_adult
from carla_genre.errors import InputError

from carla.data.catalog import CsvCatalog, OnlineCatalog, load_data


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of data sets, and no network."""

    def unreachable(*args: Any, **kws: Any) -> None:
        raise URLError("no network in a test")

    monkeypatch.setenv("CF_DATA", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    monkeypatch.setattr(load_data, "urlopen", unreachable)
    monkeypatch.setattr(load_data, "urlretrieve", unreachable)
    return tmp_path


def test_online_catalog_reads_a_filled_cache_without_a_network(cache: Path) -> None:
    adult = load_adult()
    for part, frame in zip(("", "_train", "_test"), adult, strict=True):
        frame.iloc[::40].to_csv(cache / f"adult{part}.csv", index=False)
    catalog = OnlineCatalog("adult")
    assert len(catalog.df_train) == len(adult.train.iloc[::40])
    assert len(catalog.df_test) == len(adult.test.iloc[::40])
    back = catalog.inverse_transform(catalog.df_test)[list(adult.test.columns)]
    pd.testing.assert_frame_equal(
        back, adult.test.iloc[::40].reset_index(drop=True), check_dtype=False, check_exact=False
    )


def test_a_failed_download_says_which_file_to_put_where(cache: Path) -> None:
    (cache / "compas.csv").write_text("score\n1\n")
    with pytest.raises(InputError) as refusal:
        OnlineCatalog("compas")
    message = str(refusal.value)
    assert str(cache) in message
    assert "compas_train.csv, compas_test.csv" in message
    assert "compas.csv," not in message
    assert "CF_DATA" in message
    assert "no network in a test" in message


def test_a_name_that_carla_does_not_know_is_refused_without_a_network(cache: Path) -> None:
    with pytest.raises(ValueError, match="'titanic' is not an available dataset"):
        load_data.load_dataset("titanic")
    assert load_data.get_dataset_names() == ["adult", "compas", "give_me_some_credit", "heloc"]


def test_an_interrupted_download_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "adult.csv"

    def broken(url: str, filename: str) -> None:
        Path(filename).write_text("age,sex\n39,")
        raise URLError("connection lost")

    def whole(url: str, filename: str) -> tuple[str, dict]:
        Path(filename).write_text("age,sex\n39,Male\n")
        return filename, {"status": url}

    with pytest.raises(URLError):
        whole_file_or_none(broken, "there", str(target))
    assert list(tmp_path.iterdir()) == []
    assert whole_file_or_none(whole, "there", str(target)) == (str(target), {"status": "there"})
    assert target.read_text() == "age,sex\n39,Male\n"
    assert list(tmp_path.iterdir()) == [target]


def test_csv_catalog_splits_the_same_way_each_time(tmp_path: Path) -> None:
    path = csv_file(tmp_path)
    state = np.random.get_state()[1].copy()  # type: ignore[union-attr]
    first, second = CsvCatalog(path, **ROLES), CsvCatalog(path, **ROLES)
    pd.testing.assert_frame_equal(first.df_train, second.df_train)
    assert np.array_equal(np.random.get_state()[1], state)  # type: ignore[arg-type]
    assert sorted([*first.df_train.index, *first.df_test.index]) == list(first.df.index)
    assert len(first.df_test) == 30


def test_csv_catalog_takes_a_seed(tmp_path: Path) -> None:
    path = csv_file(tmp_path)
    default = CsvCatalog(path, **ROLES)
    other = CsvCatalog(path, **ROLES, random_state=7)
    assert list(other.df_train.index) != list(default.df_train.index)
    assert list(CsvCatalog(path, **ROLES, random_state=7).df_train.index) == list(other.df_train.index)
    assert list(CsvCatalog(path, **ROLES).df_train.index) == list(default.df_train.index)
    assert "random_state" in inspect.signature(CsvCatalog.__init__).parameters


def test_csv_catalog_can_split_by_numpys_global_state(tmp_path: Path) -> None:
    path = csv_file(tmp_path)
    splits = []
    for _ in range(2):
        np.random.seed(5)
        splits.append([list(CsvCatalog(path, **ROLES, random_state=None).df_train.index) for _ in range(2)])
    assert splits[0] == splits[1]
    assert splits[0][0] != splits[0][1]


def test_a_subclass_of_csv_catalog_is_split_alike(tmp_path: Path) -> None:
    class Mine(CsvCatalog):
        def __init__(self, path: str) -> None:
            super().__init__(path, **ROLES)

    path = csv_file(tmp_path)
    assert list(Mine(path).df_test.index) == list(CsvCatalog(path, **ROLES).df_test.index)


def test_a_classifier_that_carla_does_not_offer_is_still_its_own_error(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carla.models.catalog import load_model

    def missing(url: str, filename: str, *args: Any) -> None:
        raise HTTPError(url, 404, "Not Found", None, None)  # type: ignore[arg-type]

    monkeypatch.setattr(load_model, "urlretrieve", missing)
    with pytest.raises(ValueError, match="'ann' is not an available model for dataset 'titanic'"):
        load_model.load_online_model("ann", "titanic", "pt", models_home=str(cache))
