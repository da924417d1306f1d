"""CARLA's published classifiers of Adult, COMPAS and HELOC load from a folder and predict, on their real data."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import carla_genre  # noqa: F401

from carla.data.catalog import OnlineCatalog
from carla.models.catalog import MLModelCatalog

pytestmark = pytest.mark.data

#: What the files predict right of the first 1,000 test rows, less a little. HELOC's ann.pt is published so.
PUBLISHED = [
    ("adult", "ann", "pytorch", 0.81),
    ("adult", "linear", "pytorch", 0.80),
    ("adult", "ann", "tensorflow", 0.82),
    ("adult", "linear", "tensorflow", 0.79),
    ("adult", "forest", "sklearn", 0.74),
    ("adult", "forest", "xgboost", 0.77),
    ("compas", "ann", "pytorch", 0.82),
    ("compas", "linear", "pytorch", 0.80),
    ("compas", "ann", "tensorflow", 0.80),
    ("compas", "linear", "tensorflow", 0.78),
    ("compas", "forest", "sklearn", 0.79),
    ("compas", "forest", "xgboost", 0.80),
    ("heloc", "ann", "pytorch", 0.49),
    ("heloc", "linear", "pytorch", 0.70),
    ("heloc", "ann", "tensorflow", 0.71),
    ("heloc", "linear", "tensorflow", 0.70),
    ("heloc", "forest", "sklearn", 0.70),
    ("heloc", "forest", "xgboost", 0.70),
]


@pytest.fixture(scope="module")
def data(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that gives a data set of CARLA's catalog, from a copy of its files."""
    copy, known = tmp_path_factory.mktemp("cf-data"), {}

    def named(name: str) -> OnlineCatalog:
        if name not in known:
            for part in ("", "_train", "_test"):
                shutil.copyfile(data_root / f"{name}{part}.csv", copy / f"{name}{part}.csv")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("CF_DATA", str(copy))
                known[name] = OnlineCatalog(name)
        return known[name]

    return named


@pytest.mark.parametrize(("name", "model_type", "backend", "least"), PUBLISHED)
def test_it_loads_and_predicts(
    data: Any, models_root: Path, name: str, model_type: str, backend: str, least: float
) -> None:
    if backend in ("tensorflow", "xgboost") and find_spec(backend) is None:
        pytest.skip(f"needs {backend}, which is not installed")
    catalog = data(name)
    model = MLModelCatalog(catalog, model_type, backend, models_home=str(models_root), load_online=True)
    rows = catalog.df_test.head(1000)
    probability = model.predict_proba(rows)
    assert probability.shape == (1000, 2)
    assert np.allclose(probability.sum(axis=1), 1, atol=1e-5)
    predicted = np.ravel(model.predict(rows)) > 0.5
    assert np.array_equal(predicted, probability[:, 1] > 0.5)
    assert (predicted == rows[catalog.target]).mean() > least
