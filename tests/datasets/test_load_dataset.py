from __future__ import annotations

import carla_genre  # isort: skip  (repairs CARLA before it is imported)

import numpy as np
import pandas as pd
import pytest
import yaml
from adult_cases import fewer_rows

from carla_genre import InputError, load_dataset
from carla_genre.datasets.roles import KNOWN, known_roles
from carla_genre.datasets.toys import TOYS, load_toy

from carla import lib_path
from carla.data.catalog import DataCatalog, OnlineCatalog
from carla.models.catalog import MLModelCatalog


@pytest.fixture(scope="module")
def adult():
    return load_dataset("adult")


@pytest.fixture(scope="module")
def adult_paper():
    return load_dataset("adult", roles="paper")


def test_public_name_is_this_function():
    assert carla_genre.load_dataset is load_dataset


def test_roles_are_carlas_catalog():
    with open(f"{lib_path}/data_catalog.yaml") as stream:
        theirs = yaml.safe_load(stream)
    for name in KNOWN:
        entry, roles = theirs[name], known_roles(name, "carla")
        assert entry["target"] == roles.target
        assert tuple(entry["continuous"]) == roles.continuous
        assert tuple(entry["categorical"] or ()) == roles.categorical
        assert tuple(entry["immutable"] or ()) == roles.immutables


def test_adult_needs_no_folder_and_no_network(adult, monkeypatch, tmp_path):
    monkeypatch.setenv("CF_DATA", str(tmp_path / "nothing"))
    catalog = load_dataset("adult")
    assert isinstance(catalog, DataCatalog)
    pd.testing.assert_frame_equal(catalog.df_test, adult.df_test)
    assert [len(adult.df), len(adult.df_train), len(adult.df_test)] == [48_832, 36_624, 12_208]
    assert not (tmp_path / "nothing").exists()


def test_inverse_transform_gives_the_file_back(adult, adult_paper):
    from carla_genre.datasets.adult import load_adult

    raw = load_adult().test
    for catalog in (
        adult,
        adult_paper,
        load_dataset("adult", encoding_method="OneHot", scaling_method="Standard"),
    ):
        back = catalog.inverse_transform(catalog.df_test)
        for column in raw.columns:
            if column in catalog.continuous:
                np.testing.assert_allclose(back[column], raw[column], rtol=0, atol=1e-6)
            else:
                assert (back[column] == raw[column]).all(), column
    assert list(adult_paper.inverse_transform(adult_paper.df_test).columns) == list(raw.columns)


def test_published_order_of_columns_is_taken(adult):
    assert isinstance(adult, OnlineCatalog)
    model = MLModelCatalog(adult, "ann", "pytorch", load_online=False)
    assert model.feature_input_order[:3] == ["age", "fnlwgt", "education-num"]
    assert set(model.feature_input_order) == set(adult.df.columns) - {"income"}


def test_name_differs_with_roles_and_encoding(adult, adult_paper):
    with fewer_rows():
        others = [adult_paper.name, load_dataset("adult", encoding_method="OneHot").name]
        others.append(load_dataset("adult", scaling_method="Standard").name)
        others.append(load_dataset("adult", scaling_method=None, encoding_method=None).name)
    assert adult.name == "adult"
    assert len({adult.name, *others}) == 5


def test_paper_roles(adult_paper):
    assert adult_paper.immutables == ["race", "sex"]
    assert known_roles("heloc", "paper").immutables == ()
    assert known_roles("compas", "paper").immutables == ("race", "sex")
    assert "two_year_recid" in known_roles("compas", "paper").categorical
    assert "two_year_recid" not in known_roles("compas", "paper").continuous
    with pytest.raises(InputError, match="the paper has no give_me_some_credit"):
        load_dataset("give_me_some_credit", roles="paper")


def as_the_paper(train, test, roles):
    """Alphabetical codes, min-max of the train rows, the file's order of columns."""
    train, test = train.copy(), test.copy()
    for column in roles.categorical:
        levels = sorted(set(train[column]))
        train[column], test[column] = train[column].map(levels.index), test[column].map(levels.index)
    features = [column for column in train.columns if column != roles.target]
    low, high = train[features].min(), train[features].max()
    return [((frame[features] - low) / (high - low)).to_numpy() for frame in (train, test)]


def assert_as_the_paper(catalog, train, test, roles):
    features = [column for column in catalog.df.columns if column != roles.target]
    for mine, papers in zip(
        (catalog.df_train, catalog.df_test), as_the_paper(train, test, roles), strict=True
    ):
        np.testing.assert_allclose(mine[features].to_numpy(), papers, rtol=0, atol=1e-12)


def test_paper_encoding_is_alphabetical_codes_scaled_on_train(adult_paper):
    from carla_genre.datasets.adult import load_adult

    _, train, test = load_adult()
    assert_as_the_paper(adult_paper, train, test, known_roles("adult", "paper"))


@pytest.mark.data
@pytest.mark.parametrize("name", ["compas", "heloc"])
def test_paper_encoding_of_carlas_files(name, csv_folder):
    train, test = (pd.read_csv(csv_folder / f"{name}_{part}.csv") for part in ("train", "test"))
    catalog = load_dataset(name, csv_folder, roles="paper")
    assert_as_the_paper(catalog, train, test, known_roles(name, "paper"))
    assert any("label leaks" in note for note in catalog.notes) == (name == "heloc")
    if name == "compas":  # a few test rows fall outside
        assert catalog.df_test.drop(columns="score").max().max() > 1


@pytest.mark.data
@pytest.mark.parametrize("name", ["adult", "compas", "heloc"])
def test_carla_roles_equal_carlas_own_catalog(name, csv_folder, monkeypatch):
    monkeypatch.setenv("CF_DATA", str(csv_folder))
    theirs, mine = OnlineCatalog(name), load_dataset(name)
    assert (mine.name, mine.target, mine.immutables) == (theirs.name, theirs.target, theirs.immutables)
    assert (mine.continuous, mine.categorical) == (theirs.continuous, theirs.categorical)
    for part in ("df", "df_train", "df_test"):
        pd.testing.assert_frame_equal(getattr(mine, part), getattr(theirs, part))


@pytest.mark.parametrize("name", TOYS)
def test_toys_are_scaled_on_train(name):
    catalog, raw = load_dataset(name), load_toy(name)
    points = catalog.df_train[["x1", "x2"]]
    assert points.min().tolist() == [0, 0]
    np.testing.assert_allclose(points.max(), 1)
    np.testing.assert_allclose(catalog.inverse_transform(catalog.df_test), raw.test, atol=1e-12)
    standard = load_dataset(name, scaling_method="Standard").df_train[["x1", "x2"]]
    np.testing.assert_allclose(standard.mean(), 0, atol=1e-12)
    assert load_dataset(name, roles="paper").name == catalog.name == name


def test_immutables_and_constraints_of_known_data():
    catalog = load_dataset("corr", immutables="x1", increasing=["x2"], ranges={"x2": (-0.25, None)})
    assert catalog.immutables == ["x1"]
    top = load_toy("corr").df["x2"].max()
    assert catalog.constraints == {"x2": {"direction": "increase", "range": (-0.25, top)}}
    assert load_dataset("corr").constraints == {}
    with pytest.raises(InputError, match="Did you mean 'x1'"):
        load_dataset("corr", immutables=["X1"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "adlut"}, "Did you mean 'adult'"),
        ({"name": "Adult"}, "Did you mean 'adult'"),
        ({"name": "titanic"}, "Known are adult, compas"),
        ({"name": "titanic.csv"}, "titanic.csv does not exist"),
        ({"name": 3}, "expected a frame or the path"),
        ({"name": "adult", "roles": "papr"}, "roles='papr'.*Did you mean 'paper'"),
        ({"name": "adult", "encoding_method": "onehot"}, "Did you mean 'OneHot'"),
        ({"name": "adult", "scaling_method": "minmax"}, "Did you mean 'MinMax'"),
        ({"name": "adult", "target": "sex"}, "target= is for your own data"),
        ({"name": "adult", "ignore": ["sex"]}, "ignore= is for your own data"),
        ({"name": "adult", "increasing": ["sex"]}, "'sex' is categorical"),
        ({"name": "compas", "root": "nowhere"}, "does not hold compas.csv"),
        ({"name": "loans.csv", "root": "."}, "root= is where the files of known data lie"),
        ({"name": "loans.csv", "roles": "paper"}, "the paper's data sets"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        load_dataset(**arguments)
