"""Scaling, encoding and their inverses, on the embedded Adult."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from people import ROLES, people
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import carla_genre  # noqa: F401
from carla_genre.datasets.adult import load_adult

from carla.data.catalog import CsvCatalog
from carla.data.pipelining import decode, encode, fit_encoder, fit_scaler

ADULT: dict[str, Any] = {
    "categorical": [
        "marital-status",
        "native-country",
        "occupation",
        "race",
        "relationship",
        "sex",
        "workclass",
    ],
    "continuous": ["age", "fnlwgt", "education-num", "capital-gain", "hours-per-week", "capital-loss"],
    "immutables": ["age", "sex"],
    "target": "income",
}


def assert_same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Equal but for what scaling there and back costs: the type and the last digits of a number."""
    pd.testing.assert_frame_equal(left, right, check_dtype=False, check_exact=False, rtol=1e-9)


@pytest.fixture(scope="module")
def adult_csv(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("adult") / "adult.csv"
    load_adult().df.iloc[::50].to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("scaling", ["MinMax", "Standard", "Identity"])
@pytest.mark.parametrize("encoding", ["OneHot", "OneHot_drop_binary", "Identity"])
def test_inverse_transform_gives_the_file_back(adult_csv: str, scaling: str, encoding: str) -> None:
    raw = pd.read_csv(adult_csv)
    catalog = CsvCatalog(adult_csv, **ADULT, scaling_method=scaling, encoding_method=encoding)
    assert all(type(name) is str for name in catalog.df.columns)
    back = catalog.inverse_transform(catalog.df)[list(raw.columns)]
    assert_same(back, raw)
    assert_same(catalog.transform(raw), catalog.df)
    assert len(catalog.df_train) + len(catalog.df_test) == len(raw)


def test_encodings_have_the_columns_that_they_should(adult_csv: str) -> None:
    raw = pd.read_csv(adult_csv)
    levels = raw[ADULT["categorical"]].nunique()
    full = CsvCatalog(adult_csv, **ADULT, encoding_method="OneHot")
    short = CsvCatalog(adult_csv, **ADULT, encoding_method="OneHot_drop_binary")
    assert len(full.df.columns) == 7 + levels.sum()
    assert len(short.df.columns) == 7 + (levels - (levels == 2)).sum()
    for catalog in (full, short):
        names = catalog.encoder.get_feature_names(catalog.categorical)
        assert set(names) == set(catalog.df.columns) - set(raw.columns)
        assert set(np.unique(catalog.df[list(names)])) == {0.0, 1.0}
    one_a_feature = full.df.filter(regex="^sex_").sum(axis=1)
    assert (one_a_feature == 1).all()


@pytest.mark.parametrize("index", [range(5, 11), list("abcdef"), [0, 0, 1, 1, 2, 2]])
def test_any_index_is_kept(tmp_path: Path, index: Any) -> None:
    people().to_csv(tmp_path / "people.csv", index=False)
    catalog = CsvCatalog(str(tmp_path / "people.csv"), **ROLES)
    rows = people(rows=6, seed=1).set_axis(index)
    transformed = catalog.transform(rows)
    assert list(transformed.index) == list(index)
    back = catalog.inverse_transform(transformed)[list(rows.columns)]
    assert_same(back, rows)


def test_rows_without_recourse_stay_empty(tmp_path: Path) -> None:
    people().to_csv(tmp_path / "people.csv", index=False)
    catalog = CsvCatalog(str(tmp_path / "people.csv"), **ROLES)
    rows = catalog.df.astype(float).head(3)
    rows.iloc[1] = np.nan
    back = catalog.inverse_transform(rows)
    assert back.iloc[1].isna().all()
    assert (
        back.iloc[[0, 2]][["sex", "job"]].to_numpy().tolist()
        == people().iloc[[0, 2]][["sex", "job"]].to_numpy().tolist()
    )
    empty = catalog.inverse_transform(rows.iloc[[1]])
    assert empty.isna().all(axis=None)


@pytest.mark.parametrize("encoding", ["OneHot", "OneHot_drop_binary", "Identity"])
@pytest.mark.parametrize("kept", ["categorical", "continuous"])
def test_one_kind_of_features_is_enough(tmp_path: Path, kept: str, encoding: str) -> None:
    raw = people()[[*ROLES[kept], "y"]]
    raw.to_csv(tmp_path / "people.csv", index=False)
    roles = {"categorical": [], "continuous": [], kept: ROLES[kept]}
    catalog = CsvCatalog(
        str(tmp_path / "people.csv"), **roles, immutables=[], target="y", encoding_method=encoding
    )
    back = catalog.inverse_transform(catalog.df)[list(raw.columns)]
    assert_same(back, raw)


@pytest.mark.parametrize(
    ("fit", "wrong", "right"), [(fit_scaler, "MinMaks", "MinMax"), (fit_encoder, "OneHott", "OneHot")]
)
def test_unknown_methods_are_named(fit: Any, wrong: str, right: str) -> None:
    with pytest.raises(ValueError, match=f"'{wrong}' is not one of .* Did you mean '{right}'"):
        fit(wrong, people()[["age"]])
    with pytest.raises(ValueError, match="got 3"):
        fit(3, people()[["age"]])


def test_identity_and_transformers_are_taken() -> None:
    frame = people()[["age", "hours"]]
    assert isinstance(fit_scaler(None, frame), FunctionTransformer)
    assert isinstance(fit_encoder("Identity", frame), FunctionTransformer)
    assert fit_scaler(StandardScaler(), frame).mean_.shape == (2,)


@pytest.mark.parametrize("sparse", [True, False])
def test_a_users_own_encoder_works_and_is_not_changed(tmp_path: Path, sparse: bool) -> None:
    people().to_csv(tmp_path / "people.csv", index=False)
    own = OneHotEncoder(sparse_output=sparse).fit(people()[["sex", "job"]])
    state = dict(vars(own))
    features = ["sex", "job"]
    encoded = encode(own, features, people())
    assert list(encoded.columns) == ["age", "hours", "y", "sex_f", "sex_m", "job_a", "job_b", "job_c"]
    assert_same(decode(own, features, encoded)[list(people().columns)], people())

    catalog = CsvCatalog(str(tmp_path / "people.csv"), **ROLES)
    catalog.encoder = own
    assert list(catalog.encoder.get_feature_names(features)) == list(encoded.columns[3:])
    assert_same(catalog.transform(people()).filter(regex="sex|job"), encoded.filter(regex="sex|job"))
    assert vars(own) == state
    assert type(own) is OneHotEncoder


def test_feature_names_follow_the_names_given() -> None:
    encoder = fit_encoder("OneHot_drop_binary", people()[["sex", "job"]])
    assert list(encoder.get_feature_names()) == ["sex_m", "job_a", "job_b", "job_c"]
    assert list(encoder.get_feature_names(["s", "j"])) == ["s_m", "j_a", "j_b", "j_c"]
    with pytest.raises(ValueError, match="number of features"):
        encoder.get_feature_names(["sex"])


def test_a_catalogs_encoder_survives_pickle_and_clone() -> None:
    import pickle

    from sklearn.base import clone

    encoder = fit_encoder("OneHot", people()[["sex", "job"]])
    again = pickle.loads(pickle.dumps(encoder))
    assert list(again.get_feature_names()) == list(encoder.get_feature_names())
    assert clone(encoder).sparse_output is False
