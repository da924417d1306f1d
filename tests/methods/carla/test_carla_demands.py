"""What CARLA's methods demand, and how its lack is told: hyperparameters, classifiers, packages."""

from __future__ import annotations

import importlib.util

import pytest
from method_cases import Logistic, make_mlmodel

from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.methods.carla import CARLA_METHODS
from carla_genre.protocol.classifier import ProtocolClassifier

from carla import recourse_methods
from carla.models.api import MLModel

HEAD = hasattr(MLModel, "get_mutable_mask")


# --- hyperparameters


@pytest.mark.parametrize("name", CARLA_METHODS)
def test_carla_gets_all_that_it_demands_and_nothing_that_it_ignores(
    name: str, classifier: ProtocolClassifier
) -> None:
    entry = CARLA_METHODS[name]
    given = entry.for_carla(entry.complete(classifier))
    theirs = getattr(getattr(recourse_methods, name), "_DEFAULT_HYPERPARAMS", None)
    if theirs is None:  # the release reads these from the dict as they come
        return
    _compare(given, theirs)


def _compare(given: dict, theirs: dict) -> None:
    ignored = {"lambda_reg"} if HEAD else set()
    assert set(given) - ignored <= set(theirs)
    assert not [key for key, value in theirs.items() if value is None and key not in given and key != "scm"]
    for key, value in theirs.items():
        if isinstance(value, dict):
            _compare(given[key], value)


def test_defaults_are_those_of_table_8(classifier: ProtocolClassifier) -> None:
    wachter, cchvae, crud = (
        CARLA_METHODS[name].complete(classifier) for name in ("Wachter", "CCHVAE", "CRUD")
    )
    assert wachter["loss_type"] == "BCE" and wachter["binary_cat_features"] is True
    assert (cchvae["n_search_samples"], cchvae["step"], cchvae["max_iter"]) == (100, 0.1, 1000)
    assert (crud["lambda_param"], crud["optimizer"], crud["lr"], crud["max_iter"]) == (
        0.001,
        "RMSprop",
        0.008,
        2000,
    )
    network_of_both = {"layers": [512, 256, 8], "train": True, "epochs": 100, "lr": 1e-3, "batch_size": 32}
    assert crud["vae_params"] == network_of_both
    assert {**cchvae["vae_params"], "kl_weight": 0.3} == {
        **network_of_both,
        "lambda_reg": 1e-6,
        "kl_weight": 0.3,
    }


def test_what_one_is_given_does_not_change_the_next_ones_defaults(classifier: ProtocolClassifier) -> None:
    entry = CARLA_METHODS["CCHVAE"]
    entry.complete(classifier)["vae_params"]["layers"].append(3)
    assert entry.complete(classifier)["vae_params"]["layers"] == [512, 256, 8]


def test_target_of_the_loss(classifier: ProtocolClassifier) -> None:
    entry = CARLA_METHODS["Wachter"]
    assert entry.complete(classifier, {"loss_type": "MSE"})["y_target"] == [1]
    assert entry.complete(classifier)["y_target"] == [0, 1]
    for wrong in ([1, 0], [1], ["a", "b"], [0, float("nan")], [0, 2], [[0], [1]]):
        with pytest.raises(InputError, match="y_target must be"):
            entry.build(classifier, {"y_target": wrong})
    with pytest.raises(InputError, match="y_target must be"):
        entry.build(classifier, {"loss_type": "MSE", "y_target": [0, 1]})


@pytest.mark.parametrize("wrong", [["a"], [1.0], [[1.0]], [float("inf")]])
def test_a_cost_is_a_number_for_each_column(classifier: ProtocolClassifier, wrong: list[object]) -> None:
    with pytest.raises(InputError, match="feature_cost must be"):
        CARLA_METHODS["Wachter"].complete(classifier, {"feature_cost": wrong})
    costs = [1] * len(classifier.feature_input_order)
    assert CARLA_METHODS["Wachter"].complete(classifier, {"feature_cost": costs})[
        "feature_cost"
    ].sum() == len(costs)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("Wachter", {"lambda_": float("nan")}, "Wachter: lambda_ must be a finite number that .*, got nan"),
        ("Wachter", {"threads": 10**9}, r"Wachter: threads must be in \[0, 1024\]"),
        ("Wachter", {"n_iters": 5}, "Wachter has no hyperparameter 'n_iters': did you mean 'n_iter'"),
        ("CCHVAE", {"vae_params": {"epoch": 5}}, "vae_params has no hyperparameter 'epoch'.*'epochs'"),
        ("Dice", {"loss_type": "BCE"}, "Dice has no hyperparameter 'loss_type'"),
        ("Face", {"mode": "epsilom"}, "mode must be one of .*Did you mean 'epsilon'"),
        ("CRUD", {"target_class": [1, 0]}, "target_class must be one of"),
        ("GrowingSpheres", {"seed": -1}, "seed must be in"),
        ("CausalRecourse", {"optimization_approach": "gradient_descent"}, "must be one of"),
    ],
)
def test_wrong_hyperparameters_are_named(
    name: str, given: dict, message: str, classifier: ProtocolClassifier
) -> None:
    with pytest.raises(InputError, match=message):
        CARLA_METHODS[name].build(classifier, given)


# --- classifiers and packages


@pytest.mark.parametrize(
    "name", [name for name, entry in CARLA_METHODS.items() if not entry.takes("sklearn")]
)
def test_wrong_backend_says_what_to_use(name: str, mlmodel: Logistic) -> None:
    with pytest.raises(InputError, match=rf"{name} takes classifiers of backend .*'sklearn'.*GenRe") as said:
        CARLA_METHODS[name].build(mlmodel)
    if not HEAD:
        assert "GrowingSpheres, Dice, Face" in str(said.value)


def test_absent_package_says_how_to_install_it(mlmodel: Logistic, monkeypatch: pytest.MonkeyPatch) -> None:
    if HEAD:
        pytest.skip("the head refuses the backend first")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "dice_ml" else find(name, *rest)
    )
    with pytest.raises(MissingDependencyError, match=r"dice_ml.*pip install 'carla-genre\[dice\]'"):
        CARLA_METHODS["Dice"].build(mlmodel)


def test_only_forests_have_trees(mlmodel: Logistic) -> None:
    with pytest.raises(InputError, match="FeatureTweak reads the trees of a forest"):
        CARLA_METHODS["FeatureTweak"].build(mlmodel)


def test_causal_recourse_wants_a_causal_model(mlmodel: Logistic, monkeypatch: pytest.MonkeyPatch) -> None:
    if HEAD:
        pytest.skip("the head refuses the backend first")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: object())  # as if it were installed
    with pytest.raises(InputError, match="structural causal model"):
        CARLA_METHODS["CausalRecourse"].build(mlmodel)


def test_text_is_refused() -> None:
    with pytest.raises(InputError, match=r"computes with numbers, and 'job' holds text.*OneHot"):
        CARLA_METHODS["GrowingSpheres" if not HEAD else "Wachter"].build(_text())


def _text() -> MLModel:
    classifier = make_mlmodel("Identity")
    if HEAD:
        type(classifier).backend = property(lambda self: "pytorch")
    return classifier
