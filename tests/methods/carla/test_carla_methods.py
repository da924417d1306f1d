"""CARLA's methods by name: this package's conventions around CARLA's code, and each method's own answers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from carla_cases import QUICK, global_random_state_unchanged, network
from method_cases import ROLES, applicants, denied

from carla_genre import load_dataset
from carla_genre.errors import InputError
from carla_genre.methods.carla import CARLA_METHODS
from carla_genre.methods.carla.adapter import CarlaRecourse
from carla_genre.protocol.classifier import ProtocolClassifier
from carla_genre.protocol.classifiers import train_by_name

from carla import MLModelCatalog


@pytest.fixture(scope="module")
def factuals(classifier: ProtocolClassifier) -> pd.DataFrame:
    return denied(classifier, 4).set_axis(["p7", "p3", "p3", "p1"])


@pytest.fixture(scope="module", params=QUICK)
def method(request: pytest.FixtureRequest, classifier: ProtocolClassifier) -> CarlaRecourse:
    if request.param == "Dice":
        pytest.importorskip("dice_ml")
    given = {**QUICK[request.param], "verbose": False}
    before = repr(given)
    with global_random_state_unchanged():
        built = CARLA_METHODS[request.param].build(classifier, given)
    assert repr(given) == before
    return built


def test_answers_keep_the_conventions(
    method: CarlaRecourse, classifier: ProtocolClassifier, factuals: pd.DataFrame
) -> None:
    before = factuals.copy()
    with global_random_state_unchanged():
        answers = method.get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(factuals, before)
    assert answers.index.tolist() == ["p7", "p3", "p3", "p1"]
    assert list(answers.columns) == list(classifier.feature_input_order)
    failed = answers.isna()
    assert (failed.all(axis=1) == failed.any(axis=1)).all()
    found = answers.dropna()
    if method.name != "CRUD":  # whose network learns too little in two epochs
        assert len(found) > 0
    if len(found):
        assert (classifier.predict_proba(found)[:, 1] > 0.5).all()
    for column in answers:
        same = np.isclose(answers[column], factuals[column], rtol=1e-6, atol=0)
        assert (answers[column][same] == factuals[column][same]).all()


def test_answers_depend_on_the_factual_and_the_seed_alone(
    method: CarlaRecourse, factuals: pd.DataFrame
) -> None:
    answers = method.get_counterfactuals(factuals)
    np.random.seed(5)
    factuals = factuals.set_axis(range(4))
    others = factuals[list(factuals.columns[::-1])].assign(shoe_size=43.0, approved=1).iloc[::-1]
    again = method.get_counterfactuals(others).iloc[::-1]
    np.testing.assert_array_equal(again.to_numpy(), answers.to_numpy())
    alone = method.get_counterfactuals(factuals.iloc[[2]])
    np.testing.assert_array_equal(alone.to_numpy(), answers.iloc[[2]].to_numpy())


def test_no_factual_gets_an_empty_frame(method: CarlaRecourse, factuals: pd.DataFrame) -> None:
    answers = method.get_counterfactuals(factuals.head(0))
    assert answers.shape == (0, len(method.schema.columns))


def test_another_seed_is_another_draw(classifier: ProtocolClassifier, factuals: pd.DataFrame) -> None:
    entry = CARLA_METHODS["GrowingSpheres"]
    answers = [
        entry.build(classifier, {"seed": seed, "verbose": False}).get_counterfactuals(factuals)
        for seed in (0, 0, 1)
    ]
    pd.testing.assert_frame_equal(answers[0], answers[1])
    assert not answers[0].equals(answers[2])


def test_same_seed_trains_the_same_autoencoder(
    classifier: ProtocolClassifier, factuals: pd.DataFrame
) -> None:
    one, other = (
        CARLA_METHODS["CCHVAE"].build(classifier, {**QUICK["CCHVAE"], "verbose": False}) for _ in range(2)
    )
    pd.testing.assert_frame_equal(one.get_counterfactuals(factuals), other.get_counterfactuals(factuals))
    assert one.seconds["prepare"] > 0


def test_several_answers_a_factual(classifier: ProtocolClassifier, factuals: pd.DataFrame) -> None:
    pytest.importorskip("dice_ml")
    dice = CARLA_METHODS["Dice"].build(classifier, {**QUICK["Dice"], "num": 2, "verbose": False})
    answers = dice.get_counterfactuals(factuals)
    assert answers.index.tolist() == ["p7", "p7", "p3", "p3", "p3", "p3", "p1", "p1"]


def test_bars_and_lines_are_for_those_who_want_them(
    classifier: ProtocolClassifier, factuals: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("dice_ml")
    CARLA_METHODS["Dice"].build(classifier, {**QUICK["Dice"], "verbose": False}).get_counterfactuals(factuals)
    said = capfd.readouterr()
    assert said.out == said.err == ""


def test_feature_tweak_on_a_forest() -> None:
    data = load_dataset(applicants(), quiet=True, **ROLES)
    forest = MLModelCatalog(data, "forest", backend="sklearn", load_online=False)
    forest.train(max_depth=4, n_estimators=5, force_train=True)
    factuals = denied(forest, 6)
    answers = CARLA_METHODS["FeatureTweak"].build(forest, {"verbose": False}).get_counterfactuals(factuals)
    assert answers.index.equals(factuals.index)
    found = answers.dropna()
    assert len(found) > 0 and (forest.predict_proba(found)[:, 1] > 0.5).all()


def test_cem_is_the_same_again_and_holds_its_own_graph() -> None:
    pytest.importorskip("tensorflow")
    data = load_dataset(applicants(), quiet=True, **ROLES)
    classifier = MLModelCatalog(data, "ann", backend="tensorflow", load_online=False)
    classifier.train(learning_rate=0.01, epochs=3, batch_size=64, hidden_size=[8, 8], force_train=True)
    factuals = denied(classifier, 2)
    given = {"max_iterations": 50, "binary_search_steps": 3, "initial_const": 100, "kappa": 0.0, "beta": 0.01}
    answers = []
    for _ in range(2):
        with global_random_state_unchanged():
            cem = CARLA_METHODS["CEM"].build(classifier, {**given, "gamma": 0.01, "verbose": False})
            answers.append(cem.get_counterfactuals(factuals))
    pd.testing.assert_frame_equal(*answers)
    assert answers[0].index.equals(factuals.index)


def test_focus_on_a_forest() -> None:
    pytest.importorskip("tensorflow")
    data = load_dataset(applicants(), quiet=True, **ROLES)
    forest = MLModelCatalog(data, "forest", backend="sklearn", load_online=False)
    forest.train(max_depth=3, n_estimators=3, force_train=True)
    factuals = denied(forest, 3)
    focus = CARLA_METHODS["FOCUS"].build(forest, {"n_iter": 60, "lr": 0.01, "verbose": False})
    answers = focus.get_counterfactuals(factuals)
    assert answers.index.equals(factuals.index)
    found = answers.dropna()
    assert len(found) > 0 and (forest.predict_proba(found)[:, 1] > 0.5).all()


def test_clue(monkeypatch: pytest.MonkeyPatch) -> None:
    from carla.recourse_methods.catalog.clue import model

    monkeypatch.setattr(model, "vae_gradient_search", partial(model.vae_gradient_search, max_steps=20))
    narrow = network(applicants().drop(columns=["job", "region"]), categorical=["owner"], immutables=["age"])
    factuals = denied(narrow, 3)
    with global_random_state_unchanged():
        clue = CARLA_METHODS["Clue"].build(narrow, {"epochs": 1, "verbose": False})
        answers = clue.get_counterfactuals(factuals)
    assert answers.index.equals(factuals.index)


def test_factuals_are_checked(method: CarlaRecourse, factuals: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="lacks the classifier's columns"):
        method.get_counterfactuals(factuals.drop(columns="income"))
    with pytest.raises(InputError, match="must be a DataFrame"):
        method.get_counterfactuals(factuals.to_numpy())


@pytest.mark.data
def test_small_compas(data_root: object) -> None:
    data = load_dataset("compas", root=data_root, quiet=True)
    columns = [column for column in data.df_train if column != data.target]
    classifier = train_by_name("ann", data, columns, balanced=True, seed=42, epochs=1).mlmodel
    factuals = denied(classifier, 5)
    for name in ("GrowingSpheres", "Wachter", "Face"):
        built = CARLA_METHODS[name].build(classifier, {**QUICK[name], "verbose": False})
        answers = built.get_counterfactuals(factuals)
        assert answers.index.equals(factuals.index)
        found = answers.dropna()
        assert len(found) == 0 or (classifier.predict_proba(found)[:, 1] > 0.5).all()
