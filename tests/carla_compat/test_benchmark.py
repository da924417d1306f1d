"""CARLA's methods through CARLA's Benchmark, on real people: Adult, and COMPAS and HELOC where they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from adult_cases import fewer_rows

import carla_genre
from carla_genre.evaluation import run_all_measures

from carla import Benchmark, MLModelCatalog, RecourseMethod  # isort: skip
from carla.models.api import MLModel
from carla.models.negative_instances import predict_negative_instances
from carla.recourse_methods import CCHVAE, CRUD, Dice, Face, GrowingSpheres, Revise, Wachter

HEAD = hasattr(MLModel, "get_mutable_mask")
LABELS = {"text": ["p7", "p3", "p5"], "numbers": [1000, 3, 77], "permutation": [2, 0, 1]}
VAE = {"layers": [12, 6], "epochs": 1, "batch_size": 1024}

METHODS = {
    "Wachter, BCE": lambda model: Wachter(model, {"loss_type": "BCE", "t_max_min": 0.05}),
    "Wachter, MSE": lambda model: Wachter(model, {"loss_type": "MSE", "y_target": [1], "t_max_min": 0.05}),
    "GrowingSpheres": lambda model: GrowingSpheres(model),
    "Dice": lambda model: Dice(model, {"posthoc_sparsity_param": 0}),
    "Revise": lambda model: Revise(
        model, model.data, {"data_name": "test", "max_iter": 40, "vae_params": VAE}
    ),
    "CRUD": lambda model: CRUD(model, {"data_name": "test", "max_iter": 40, "vae_params": VAE}),
    "CCHVAE": lambda model: CCHVAE(model, {"data_name": "test", "max_iter": 20, "vae_params": VAE}),
    "Face, knn": lambda model: Face(model, {"mode": "knn", "fraction": 0.1}),
    "Face, epsilon": lambda model: Face(model, {"mode": "epsilon", "fraction": 0.1}),
}
#: What finds an answer for everybody with these settings; the others may leave rows empty.
ALWAYS_FIND = {"Wachter, BCE", "Wachter, MSE", "GrowingSpheres", "Dice"}


def classifier(data, epochs: int) -> MLModelCatalog:
    model = MLModelCatalog(data, "ann", backend="pytorch", load_online=False)
    torch.manual_seed(0)
    model.train(learning_rate=0.005, epochs=epochs, batch_size=512, hidden_size=[12, 6], force_train=True)
    return model


@pytest.fixture(scope="module")
def adult() -> MLModelCatalog:
    with fewer_rows():
        return classifier(carla_genre.load_dataset("adult"), epochs=5)


def denied(model: MLModelCatalog, labels: list) -> pd.DataFrame:
    rows = predict_negative_instances(model, model.data.df).sample(len(labels), random_state=0)
    rows.index = pd.Index(labels)
    return rows


def measured(model, method: RecourseMethod, factuals: pd.DataFrame) -> tuple[Benchmark, pd.DataFrame]:
    """The benchmark and its figures under the release's names, whichever CARLA is there."""
    torch.manual_seed(0)
    np.random.seed(0)
    benchmark = Benchmark(model, method, factuals)
    return benchmark, run_all_measures(benchmark, model)


def check(model, name: str, factuals: pd.DataFrame) -> pd.DataFrame:
    """Run one method through Benchmark and hold its figures against the counterfactuals themselves."""
    before = factuals.copy()
    benchmark, figures = measured(model, METHODS[name](model), factuals)
    found = benchmark._counterfactuals
    pd.testing.assert_frame_equal(factuals, before)

    assert list(found.index) == list(factuals.index)
    assert list(found.columns) == list(model.feature_input_order)
    full = found.dropna()
    assert figures["Success_Rate"].iloc[0] == pytest.approx(len(full) / len(factuals))
    assert figures["Average_Time"].iloc[0] > 0
    if len(full):
        assert (np.argmax(model.predict_proba(full), axis=1) == 1).all()
        theirs = factuals.loc[full.index, full.columns]
        cost = (full - theirs).abs().sum(axis=1)
        assert figures["Distance_2"].dropna().to_numpy() == pytest.approx(cost.to_numpy(), rel=1e-6)
        for group in one_column_categories(model):
            assert full[group].isin([0, 1]).all()
        assert (figures["Constraint_Violation"].dropna() >= 0).all()
        assert (figures["Redundancy"].dropna() <= full.shape[1]).all()
        assert 0 <= figures["y-Nearest-Neighbours"].iloc[0] <= 1
    if name in ALWAYS_FIND:
        assert len(full) == len(factuals)
    return full


def one_column_categories(model) -> list[str]:
    return [c for c in model.feature_input_order if c not in model.data.continuous]


@pytest.mark.parametrize("name", METHODS)
def test_adult_through_benchmark(adult, name):
    check(adult, name, denied(adult, LABELS["text"]))


@pytest.mark.parametrize("name", ["GrowingSpheres", "Face, knn", "Revise"])
def test_numbers_out_of_order_as_index(adult, name):
    check(adult, name, denied(adult, LABELS["numbers"]))


def test_labels_that_are_positions_in_another_order(adult):
    factuals = denied(adult, LABELS["permutation"])
    check(adult, "GrowingSpheres", factuals)

    class Numbered(RecourseMethod):
        def get_counterfactuals(self, factuals):
            return adult.get_ordered_features(factuals).reset_index(drop=True)

    with pytest.raises(ValueError, match="whose the answers of Numbered are cannot be told"):
        Benchmark(adult, Numbered(adult), factuals)
    found = Benchmark(adult, Numbered(adult), denied(adult, LABELS["text"]))._counterfactuals
    assert found.index.tolist() == LABELS["text"]


@pytest.mark.parametrize("method", [Revise, CRUD, CCHVAE])
def test_layers_with_the_input_width_as_carla_wants_them(adult, method):
    width = int(adult.get_mutable_mask().sum()) if HEAD else len(adult.feature_input_order)
    sizes = []
    for layers in ([width, 12, 6], [12, 6]):
        given = list(layers)
        params = {"data_name": "test", "vae_params": {"layers": given, "epochs": 1, "batch_size": 8192}}
        built = method(adult, *([adult.data] if method is Revise else []), params)
        networks = [each for each in vars(built).values() if isinstance(each, torch.nn.Module)]
        sizes.append([tuple(weight.shape) for network in networks for weight in network.parameters()])
        assert given == layers
    assert sizes[0] == sizes[1] != []


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("data", "epochs"), [("compas", 20), ("heloc", 3)])
def test_other_data_through_benchmark(data_root, data, epochs):
    model = classifier(carla_genre.load_dataset(data, root=data_root), epochs)
    factuals = denied(model, LABELS["text"])
    for name in METHODS:
        check(model, name, factuals)


@pytest.mark.slow
@pytest.mark.skipif(HEAD, reason="the repository's head refuses forests in these methods")
@pytest.mark.parametrize("backend", ["sklearn", pytest.param("xgboost", marks=pytest.mark.slow)])
def test_forests_through_benchmark(adult, backend):
    pytest.importorskip(backend)
    model = MLModelCatalog(adult.data, "forest", backend=backend, load_online=False)
    model.train(max_depth=4, n_estimators=5, force_train=True)
    assert sorted(model.feature_input_order) == sorted(adult.data.continuous)
    for name in ("GrowingSpheres", "Dice", "Face, knn"):
        check(model, name, denied(model, LABELS["text"]))


@pytest.mark.slow
def test_face_without_immutables_finds_people(adult):
    with fewer_rows():
        model = classifier(carla_genre.load_dataset("adult", immutables=[]), epochs=5)
    for name in ("Face, knn", "Face, epsilon"):
        found = check(model, name, denied(model, list("abcdefgh")))
        known = model.data.df[list(found.columns)].round(9)
        assert len(found.round(9).merge(known.drop_duplicates())) == len(found) > 0


@pytest.mark.slow
def test_categories_of_many_levels_come_back_decodable():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "pay": rng.random(400),
            "town": rng.choice(list("abcdefghijkl"), 400),
            "sex": rng.choice(["f", "m"], 400),
        }
    )
    rows["good"] = (rows["pay"] + 0.4 * rows["town"].isin(["a", "b", "c"]) > 0.6).astype(int)
    for encoding in ("OneHot_drop_binary", "OneHot"):
        data = carla_genre.load_dataset(
            rows, target="good", immutables=["sex"], encoding_method=encoding, quiet=True
        )
        model = classifier(data, epochs=30)
        factuals = denied(model, LABELS["text"])
        for name in ("Wachter, BCE", "GrowingSpheres", "CRUD", "CCHVAE", "Revise"):
            found = check(model, name, factuals)
            if len(found):
                towns = found[[c for c in found.columns if c.startswith("town_")]]
                assert (towns.sum(axis=1) == 1).all()
                assert data.inverse_transform(found)["town"].isin(list("abcdefghijkl")).all()
