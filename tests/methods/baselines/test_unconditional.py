"""Unconditional: the learned density against frequencies, the weights against brute force, and the contract."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import QUICK, Logistic, answers_to, denied, make_mlmodel

from carla_genre import load_dataset
from carla_genre.errors import InputError
from carla_genre.methods.baselines.unconditional import Unconditional

from carla.models.api import MLModel  # isort: skip (after carla_genre)

FEW = {**QUICK, "n_candidates": 60}


class Constant(MLModel):
    """The same probability of label 1 for everyone."""

    def __init__(self, data: Any, probability: float = 0.9) -> None:
        super().__init__(data)
        self.probability = probability

    @property
    def feature_input_order(self) -> list[str]:
        return [c for c in self.data.df_train.columns if c != self.data.target]

    @property
    def backend(self) -> str:
        return "sklearn"

    @property
    def raw_model(self) -> Any:
        return self

    def predict(self, x: Any) -> np.ndarray:
        return self.predict_proba(x)[:, 1]

    def predict_proba(self, x: Any) -> np.ndarray:
        return np.tile([1 - self.probability, self.probability], (len(x), 1))


@pytest.fixture(scope="module")
def method(mlmodel: Logistic) -> Unconditional:
    return Unconditional(mlmodel, FEW)


@pytest.fixture(scope="module")
def discrete() -> tuple[Unconditional, pd.DataFrame]:
    """Three dependent features of few values; the immutable one is the last column of the data."""
    random = np.random.default_rng(0)
    n = 4000
    place = random.choice(["east", "west"], n, p=[0.3, 0.7])
    job = np.where(
        place == "east", random.choice(3, n, p=[0.7, 0.2, 0.1]), random.choice(3, n, p=[0.1, 0.3, 0.6])
    )
    hours = np.where(
        job == 0, random.choice(4, n, p=[0.6, 0.2, 0.1, 0.1]), random.choice(4, n, p=[0.0, 0.1, 0.4, 0.5])
    )
    frame = pd.DataFrame({"hours": hours, "job": job.astype(str), "place": place, "approved": 1})
    frame.loc[random.random(n) < 0.2, "approved"] = 0  # these are not in D_h+
    frame.loc[frame["approved"] == 0, "hours"] = 3
    data = load_dataset(
        frame,
        target="approved",
        categorical=["job", "place"],
        continuous=["hours"],
        immutables=["place"],
        quiet=True,
    )
    hyperparams = {
        **QUICK,
        "n_candidates": 20000,
        "training": {"steps": 300, "learning_rate": 1e-2, "batch_size": 512},
    }
    return Unconditional(Constant(data), hyperparams), data.df_train


@pytest.mark.slow
def test_draws_have_the_frequencies_of_the_accepted_rows_of_the_same_immutables(
    discrete: tuple[Unconditional, pd.DataFrame],
) -> None:
    method, train = discrete
    place = method.schema.names.index("place")
    rows = method.schema.encode(train[train["approved"] == 1])
    for level in (0.0, 1.0):
        factual = rows[rows[:, place] == level][:1]
        drawn = method.candidates(factual)[0]
        assert (drawn[:, place] == level).all()
        same = rows[rows[:, place] == level]
        found, counts = np.unique(same, axis=0, return_counts=True)
        learned = [(drawn == row).all(axis=1).mean() for row in found]
        np.testing.assert_allclose(learned, counts / len(same), atol=0.035)
        # All mass but a little is where the data is.
        assert sum(learned) > 0.97


@pytest.mark.slow
def test_the_immutable_features_are_learned_first(discrete: tuple[Unconditional, pd.DataFrame]) -> None:
    method = discrete[0]
    assert method.schema.names[method.order[0]] == "place"
    assert sorted(method.order) == [0, 1, 2]


def test_weights_are_those_of_brute_force(method: Unconditional, mlmodel: Logistic) -> None:
    values = method.schema.encode(denied(mlmodel, 6))
    candidates = method.candidates(values)
    scores = method.scores(candidates)
    weights = method.weights(values, candidates, scores)
    lambda_, gamma = method.hyperparams["lambda_"], method.hyperparams["gamma"]
    categorical = method.schema.categorical
    for row, factual in enumerate(values):
        expected = []
        for candidate, score in zip(candidates[row], scores[row], strict=True):
            cost = sum(
                float(a != b) if is_level else abs(a - b)
                for a, b, is_level in zip(factual, candidate, categorical, strict=True)
            )
            expected.append(np.exp(-lambda_ * cost) * (score > gamma))
        np.testing.assert_allclose(weights[row], np.array(expected) / np.sum(expected), rtol=1e-9)


def test_answers_are_draws_by_the_weights(mlmodel: Logistic) -> None:
    method = Unconditional(mlmodel, {**FEW, "n_samples": 3})
    values = method.schema.encode(denied(mlmodel, 6))
    candidates = method.candidates(values)
    scores = method.scores(candidates)
    weights = method.weights(values, candidates, scores)
    answers = answers_to(method, values)
    for row, answer in enumerate(answers):
        weight = weights[row][(candidates[row] == answer).all(axis=1)]
        assert weight.max() > 0
    method.hyperparams["selection"] = "cheapest"
    cheapest = answers_to(method, values)
    cost = np.where(scores > 0.7, method.schema.cost(values[:, None], candidates), np.inf)
    np.testing.assert_allclose(method.schema.cost(values, cheapest), cost.min(axis=1))


def test_zero_weight_everywhere_is_a_failure_and_lambda_zero_weighs_the_valid_alike(
    method: Unconditional,
) -> None:
    values, candidates = np.zeros((2, 6)), np.zeros((2, 3, 6))
    scores = np.array([[0.1, 0.5, 0.7], [0.8, 0.9, 0.2]])
    assert method.weights(values, candidates, scores)[0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(method.weights(values, candidates, scores)[1], [0.5, 0.5, 0])


def test_a_far_factual_has_weights_that_do_not_underflow(method: Unconditional) -> None:
    values, candidates = np.zeros((1, 6)), np.zeros((1, 2, 6))
    candidates[0, :, 0] = [1e4, 1e4 + 0.1]
    weights = method.weights(values, candidates, np.full((1, 2), 0.9))
    assert weights[0, 0] / weights[0, 1] == pytest.approx(np.exp(0.5))


def test_nobody_accepted_in_the_draws_gives_nan(
    discrete: tuple[Unconditional, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    method, train = discrete
    refused = copy.copy(method)
    h = refused.classifier.mlmodel
    monkeypatch.setattr(h, "probability", 0.6)  # accepts, but not with confidence
    refused.hyperparams = {**method.hyperparams, "n_candidates": 5}
    assert np.isnan(refused._answer(method.schema.encode(train.head(3)))).all()


def test_contract(method: Unconditional, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 8)
    before = factuals.copy()
    answers = method.get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(factuals, before)
    assert list(answers.columns) == mlmodel.feature_input_order and answers.index.equals(factuals.index)
    found = answers.dropna()
    assert len(found) > 4
    assert (mlmodel.predict(found) > 0.7).all()
    assert (found["age"] == factuals.loc[found.index, "age"]).all()
    pd.testing.assert_frame_equal(answers, method.get_counterfactuals(factuals))
    single = pd.concat([method.get_counterfactuals(factuals.iloc[[i]]) for i in range(8)])
    pd.testing.assert_frame_equal(answers, single)
    assert method.get_counterfactuals(factuals.head(0)).shape == (0, answers.shape[1])


def test_directions_and_ranges_hold(mlmodel: Logistic) -> None:
    limits = {"debt": {"direction": "increase"}, "income": {"range": (0, 40)}}
    method = Unconditional(mlmodel, {**FEW, "constraints": limits})
    values = method.schema.encode(denied(mlmodel, 10))
    assert method.schema.allowed(values[:, None], method.candidates(values)).all()


def test_defaults_are_genres_with_twice_the_layers() -> None:
    for preset, layers in (("default", 4), ("paper", 32)):
        assert Unconditional.options_for({"preset": preset}).architecture.decoder_layers == layers
    assert Unconditional.options_for(None).lambda_ == 5.0


@pytest.mark.parametrize(
    ("hyperparams", "message"),
    [
        ({"top_k": 3}, "Unconditional has no hyperparameter 'top_k'"),
        ({"n_candidates": 0}, "n_candidates must be in"),
        ({"preset": "papr"}, "Unconditional: preset must be one of"),
        ({"architecture": {"kind": "summary"}}, "no hyperparameter 'kind'"),
        ({"architecture": {"heads": 3}}, "Unconditional: architecture.embedding"),
        ({"training": {"steps": 3, "epochs": 3}}, "Unconditional: training.steps and training.epochs"),
    ],
)
def test_bad_hyperparameters_are_named(hyperparams: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Unconditional(make_mlmodel(), hyperparams)
