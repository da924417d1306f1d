"""Repairs of CARLA's methods and measures: needed, working, and for the CARLA that has the defect only."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

import carla_genre  # noqa: F401 (before carla)
from carla_genre.carla_compat.alignment import with_index_of
from carla_genre.carla_compat.one_hot import columns_of, make_valid, one_level_each
from carla_genre.carla_compat.repairs import autoencoders, benchmark, methods_search, methods_shared
from carla_genre.errors import InputError

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import method_symptoms  # noqa: E402

sys.path.remove(str(HERE))


#: Mended in the repository's head.
IN_THE_RELEASE_ONLY = {
    "wachter_indexes_with_a_float",
    "growing_spheres_never_gives_up",
    "wrong_backend_is_no_help",
}


@pytest.fixture(scope="module")
def unrepaired(run_python):
    """What method_symptoms.py finds where every repair that it knows is switched off."""
    return run_python(HERE / "method_symptoms.py", disable=tuple(method_symptoms.NAMES), warm=True)


@pytest.fixture(scope="module")
def on_head(run_python):
    """What it finds, all repaired, in the checkout of CARLA's repository that CARLA_HEAD names."""
    if "CARLA_HEAD" not in os.environ:
        pytest.skip("CARLA_HEAD names no checkout of CARLA's repository")
    return run_python(HERE / "method_symptoms.py", warm=True, paths=(os.environ["CARLA_HEAD"],))


@pytest.mark.parametrize("name", method_symptoms.NAMES)
def test_symptom_is_gone(name):
    assert getattr(method_symptoms, name)() in (False, None)


@pytest.mark.slow
@pytest.mark.parametrize("name", method_symptoms.NAMES)
def test_symptom_is_there_without_repair(name, unrepaired):
    found = unrepaired["symptoms"][name]
    if found is None or (method_symptoms.HEAD and name in IN_THE_RELEASE_ONLY):
        pytest.skip("the other CARLA or another pandas has this defect")
    assert found is True


def test_symptoms_are_gone_on_head(on_head):
    assert on_head["head"]
    assert {name: found for name, found in on_head["symptoms"].items() if found not in (False, None)} == {}


def test_csvae_loss_is_the_same_without_dense_matrices(unrepaired):
    assert method_symptoms.csvae_losses_and_gradients() == pytest.approx(unrepaired["csvae"], rel=1e-5)


def test_repairs_leave_libraries_alone():
    assert torch.diag(torch.ones(2)).shape == (2, 2)
    assert torch.eye(2).shape == (2, 2)
    assert torch.distributions.MultivariateNormal.__module__.startswith("torch.")
    sampler = pytest.importorskip("dice_ml.explainer_interfaces.dice_random").DiceRandom
    assert sampler.get_samples.__module__ == "dice_ml.explainer_interfaces.dice_random"


# The repository's head, by what is different in it


def module_with(name: str, **names: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(names)
    return module


def test_remove_nans_in_the_head_takes_factuals_last():
    def remove_nans(counterfactuals, factuals=None):
        dropped = counterfactuals.index[counterfactuals.isnull().any(axis=1)]
        kept = counterfactuals.drop(index=dropped)
        return (kept, factuals.drop(index=dropped)) if factuals is not None else kept

    module = module_with("carla.evaluation.process_nans", remove_nans=remove_nans)
    assert benchmark.empty_rows_are_dropped_by_label(module)
    cfs = pd.DataFrame({"x": [1.0, np.nan, 3.0]}, index=[4, 4, 9])
    factuals = pd.DataFrame({"x": [10.0, 20.0, 30.0]}, index=["a", "b", "c"])
    kept, theirs = module.remove_nans(cfs, factuals)
    assert kept["x"].tolist() == [1.0, 3.0]
    assert theirs["x"].tolist() == [10.0, 30.0]
    assert module.remove_nans(cfs)["x"].tolist() == [1.0, 3.0]
    with pytest.raises(ValueError, match="3 factuals and 2 counterfactuals"):
        module.remove_nans(cfs.iloc[:2], factuals)
    assert not benchmark.empty_rows_are_dropped_by_label(module)


def test_check_in_the_head_takes_the_factuals_index():
    def check_counterfactuals(mlmodel, counterfactuals, factuals_index, negative_label=0):
        raise AssertionError("replaced")

    module = module_with("carla.recourse_methods.processing.counterfactuals")
    module.check_counterfactuals = check_counterfactuals
    assert methods_shared.rows_without_answer_reach_classifier(module)
    answers = [np.array([1.0, 0, 0, 1, 0, 0]), np.zeros(6)]
    checked = module.check_counterfactuals(method_symptoms.Toy(), answers, pd.Index(["q", "p"]))
    assert checked.index.tolist() == ["q", "p"]
    assert checked.isna().all(axis=1).tolist() == [False, True]
    assert module.check_counterfactuals(method_symptoms.Toy(), [], pd.Index([])).shape == (0, 7)


def test_mutable_mask_of_the_head_knows_categories_of_several_columns():
    class MLModel:
        def get_mutable_mask(self):
            encoded = self.data.encoder.get_feature_names(self.data.categorical)
            at = [encoded[self.data.categorical.index(i)] for i in self.data.immutables]
            return np.array([column not in at for column in self.feature_input_order])

    module = module_with("carla.models.api.mlmodel", MLModel=MLModel)
    assert methods_shared.mutable_mask_expects_one_column_a_category(module)
    model = MLModel()
    model.feature_input_order = ["pay", "job_type_x", "job_x", "job_y", "age"]
    model.data = SimpleNamespace(
        continuous=["pay", "age"], categorical=["job", "job_type"], immutables=["job", "age"]
    )
    assert model.get_mutable_mask().tolist() == [True, True, False, False, False]
    assert not methods_shared.mutable_mask_expects_one_column_a_category(module_with("x", MLModel=object))


def test_searches_of_the_head_are_left_alone():
    def growing_spheres_search(instance, mutable, immutable, continuous, binary, order, model, max_iter=1000):
        asked = [model.predict_proba(instance.to_numpy()[None, :]) for _ in range(1 + max_iter)]
        return np.full(len(instance), float(len(asked)))

    def wachter_recourse(torch_model, y_target):
        return torch_model(y_target)[:, torch.round(y_target).int()]

    module = module_with(
        "x", growing_spheres_search=growing_spheres_search, wachter_recourse=wachter_recourse
    )
    assert methods_search.growing_spheres_never_gives_up(module)
    model = SimpleNamespace(predict_proba=lambda x: np.tile([1.0, 0.0], (len(x), 1)))
    search = (pd.Series({"a": 0.0}), ["a"], [], ["a"], [], ["a"], model)
    assert module.growing_spheres_search(*search, max_iter=3).tolist() == [4.0]  # it has its own limit
    assert not methods_search.wachter_indexes_with_a_float(module)
    assert module.wachter_recourse is wachter_recourse


def test_autoencoder_of_the_head_takes_any_batch():
    class VariationalAutoencoder:
        def __init__(self):
            self.layer = torch.nn.Linear(1, 1)

    assert not autoencoders.last_batch_of_one_row_fails(
        module_with("x", VariationalAutoencoder=VariationalAutoencoder)
    )


def test_autoencoder_of_the_head_trains_on_rows_of_its_own():
    class VariationalAutoencoder:
        def fit(self, xtrain, epochs=5):
            return xtrain.flags.writeable, epochs

    module = module_with("x", VariationalAutoencoder=VariationalAutoencoder)
    if autoencoders.rows_to_train_on_are_read_only(module):
        assert module.VariationalAutoencoder().fit(pd.DataFrame([[0.0]]), epochs=2) == (True, 2)
    else:
        assert pd.DataFrame([[0.0]]).values.flags.writeable


def test_autoencoder_of_the_head_is_loaded_under_its_own_width():
    class VariationalAutoencoder:
        _input_dim = 12

        def load(self, input_shape):
            return input_shape

    module = module_with("x", VariationalAutoencoder=VariationalAutoencoder)
    assert autoencoders.saved_vae_is_looked_for_under_another_width(module)
    assert module.VariationalAutoencoder().load(20) == 12


# Widths of autoencoders


@pytest.mark.parametrize(
    ("given", "whole"),
    [([16, 8], [20, 16, 8]), ([20, 16, 8], [20, 16, 8]), ((8,), [20, 8]), (np.array([20, 8]), [20, 8])],
)
def test_input_width_is_added_where_absent(given, whole):
    assert autoencoders.complete_layers(given, 20) == whole


@pytest.mark.parametrize("given", [[], [20], "20", [16, 0], [16, 2.5], [True, 4], 16])
def test_layers_that_cannot_be_are_refused(given):
    with pytest.raises(InputError, match="layers"):
        autoencoders.complete_layers(given, 20)


def test_crud_needs_a_hidden_layer():
    with pytest.raises(InputError, match="hidden layer"):
        autoencoders.complete_layers([8], 20, hidden_needed=True)
    assert autoencoders.complete_layers([20, 8, 4], 20, hidden_needed=True) == [20, 8, 4]


def test_width_is_that_of_the_mutable_columns_where_carla_asks_for_them(monkeypatch):
    class Masked:
        feature_input_order = list("abcd")

        def get_mutable_mask(self):
            return np.array([1, 1, 0, 1], bool)

    from carla.models.api import MLModel

    monkeypatch.delattr(MLModel, "get_mutable_mask", raising=False)  # as the release has it
    assert autoencoders.input_width(Masked()) == 4
    monkeypatch.setattr(
        MLModel, "get_mutable_mask", Masked.get_mutable_mask, raising=False
    )  # as the head has it
    assert autoencoders.input_width(Masked()) == 3


# Order of rows, groups of columns


def frame(values, index=None):
    return pd.DataFrame({"x": values}, index=index)


def test_rows_keep_their_factuals_labels():
    factuals = frame([0, 0, 0], index=["c", "a", "b"])
    assert with_index_of(factuals, frame([1, 2, 3])).index.tolist() == ["c", "a", "b"]
    assert with_index_of(factuals, frame([1, 1, 2, 2, 3, 3])).index.tolist() == list("ccaabb")
    assert with_index_of(factuals, frame([1, 2])).index.tolist() == [0, 1]
    assert with_index_of(frame([]), frame([1])).index.tolist() == [0]


def test_columns_of_a_feature():
    columns = ["age", "age_group_x", "job_a", "job_b", "job_type_a", "jobless"]
    assert columns_of("age", columns) == ["age"]
    assert columns_of("job", columns, ["job", "job_type"]) == ["job_a", "job_b"]
    assert columns_of("job_type", columns, ["job", "job_type"]) == ["job_type_a"]
    assert columns_of("town", columns) == []


def test_made_valid_rows_could_have_been_encoded():
    x = torch.rand(200, 6, generator=torch.Generator().manual_seed(0)) * 4 - 1
    valid = make_valid(x, [[1], [2, 3, 4]])
    assert torch.equal(valid[:, [0, 5]], x[:, [0, 5]])
    assert set(valid[:, 1].tolist()) == {0.0, 1.0}
    assert torch.equal(valid[:, 2:5].sum(dim=1), torch.ones(200))
    assert torch.equal(valid[:, 2:5].argmax(dim=1), x[:, 2:5].argmax(dim=1))
    assert torch.equal(make_valid(valid, [[1], [2, 3, 4]]), valid)


def test_one_of_the_drawn_levels_is_kept():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (300, 5)).astype(float)
    factual = np.array([0.5, 0, 0, 1, 0])
    kept = one_level_each(x, factual, [[1, 2, 3]], rng.permutation(5) + 1.0)
    assert (kept[:, 1:4].sum(axis=1) == 1).all()
    drawn = x[:, 1:4].any(axis=1)
    assert (x[drawn, 1:4][kept[drawn, 1:4] == 1] == 1).all()
    assert (kept[~drawn, 3] == 1).all()
    assert (kept[:, [0, 4]] == x[:, [0, 4]]).all()
