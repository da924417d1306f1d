"""GenRe through CARLA's Benchmark, on CARLA's data sets, every backend, and a user's own table and classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from adult_cases import fewer_rows
from method_cases import ROLES, Logistic, applicants

from carla_genre import GenRe, load_dataset
from carla_genre.evaluation import run_all_measures

from carla import Benchmark, MLModelCatalog
from carla.models.api import MLModel

SHORT = {
    "gamma": 0.55,  # the classifiers are trained for a moment only and are sure of nobody
    "training": {"steps": 50, "batch_size": 256, "evaluations": 2},
    "architecture": {"decoder_layers": 1},
    "verbose": False,
}
BACKENDS = [
    ("ann", "pytorch"),
    pytest.param("linear", "pytorch", marks=pytest.mark.slow),
    ("ann", "tensorflow"),
    ("forest", "sklearn"),
    pytest.param("forest", "xgboost", marks=pytest.mark.slow),
]
PACKAGES = {"tensorflow": "tensorflow", "xgboost": "xgboost"}


pytestmark = pytest.mark.usefixtures("quick_selectors")


def classifier(data: Any, kind: str = "ann", backend: str = "pytorch") -> MLModelCatalog:
    if backend in PACKAGES:
        pytest.importorskip(PACKAGES[backend])
    model = MLModelCatalog(data, kind, backend=backend, load_online=False)
    torch.manual_seed(0)
    if backend == "tensorflow":
        import keras

        keras.utils.set_random_seed(0)
    # In graph mode the first weights depend on what the process has done before: longer, so that any of them will do.
    epochs = 10 if backend == "tensorflow" else 1 + 30_000 // len(data.df_train)
    model.train(learning_rate=0.005, epochs=epochs, batch_size=256, hidden_size=[12, 6], force_train=True)
    return model


def adult(**options: Any) -> Any:
    """A fifth of its rows."""
    with fewer_rows():
        return load_dataset("adult", **options)


def denied(model: MLModel, n: int = 25) -> pd.DataFrame:
    """Denied test rows under a shuffled text index, with the target and a column that nobody knows."""
    test = model.data.df_test
    rows = test[np.asarray(model.predict_proba(test))[:, 1] <= 0.5].sample(n, random_state=0)
    rows.index = pd.Index([f"person {i}" for i in np.random.default_rng(0).permutation(n)])
    return rows.assign(remark="none")


def check(model: MLModel, **hyperparams: Any) -> pd.DataFrame:
    """Train, answer through Benchmark, and hold its figures against the answers themselves."""
    method = GenRe(model, {**SHORT, **hyperparams})
    factuals = denied(model)
    answers = method.get_counterfactuals(factuals)
    assert answers.index.equals(factuals.index)
    assert list(answers.columns) == list(model.feature_input_order)
    found = answers.dropna()
    assert len(found) > len(factuals) / 2
    assert (np.asarray(model.predict_proba(found))[:, 1] > 0.5).all()
    own = factuals.loc[found.index, found.columns]
    for feature in method.schema.features:
        columns = list(feature.columns)
        if feature.immutable:
            assert (found[columns].to_numpy() == own[columns].to_numpy()).all(), feature.name

    figures = run_all_measures(Benchmark(model, method, factuals), model)
    assert (figures["Constraint_Violation"].dropna() == 0).all()
    assert figures["Success_Rate"].iloc[0] == pytest.approx(len(found) / len(factuals))
    distance = figures["Distance_2"].dropna().to_numpy(dtype=float)
    np.testing.assert_allclose(distance, np.abs(found - own).to_numpy(dtype=float).sum(axis=1), atol=1e-6)

    assert method.get_counterfactuals(factuals.head(0)).shape == (0, len(found.columns))
    pd.testing.assert_frame_equal(method.get_counterfactuals(factuals.head(1)), answers.head(1))
    return answers


@pytest.mark.parametrize(("kind", "backend"), BACKENDS)
def test_adult_on_every_backend(kind: str, backend: str) -> None:
    check(classifier(adult(), kind, backend), selection="validity")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encoding", "selection"),
    [("OneHot", "expected"), pytest.param("OneHot_drop_binary", "validity", marks=pytest.mark.slow)],
)
def test_adult_with_the_papers_roles(encoding: str, selection: str) -> None:
    check(classifier(adult(roles="paper", encoding_method=encoding)), selection=selection)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("name", ["compas", pytest.param("heloc", marks=pytest.mark.slow)])
def test_carlas_other_data(name: str, data_root: Path) -> None:
    check(classifier(load_dataset(name, root=data_root)), selection="cheapest")


@pytest.mark.slow
@pytest.mark.parametrize("own", [False, True], ids=["catalog classifier", "hand-written classifier"])
def test_a_csv_with_a_category_of_twelve_levels(own: bool, tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    applicants().to_csv(path, index=False)
    data = load_dataset(path, quiet=True, **ROLES)
    model = Logistic(data) if own else classifier(data)
    answers = check(model).dropna()
    jobs = [column for column in answers if column.startswith("job_")]
    assert len(jobs) == 12
    assert (answers[jobs].sum(axis=1) == 1).all() and answers[jobs].isin([0, 1]).all(axis=None)
