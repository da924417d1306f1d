"""TAP: the verifier against the rule that made the labels, the search against closed forms, and the contract."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import Logistic, answers_to, denied, make_mlmodel
from scipy.special import logit

from carla_genre.errors import InputError
from carla_genre.methods.baselines.search.relaxed_space import RelaxedSpace
from carla_genre.methods.baselines.tap.method import TAP, target_divergence
from carla_genre.methods.baselines.tap.verifier import LabelledPairs, VerifierOptions, fit_verifier
from carla_genre.schema.relaxation import Relaxation

QUICK: dict[str, Any] = {
    "verbose": False,
    "n_iter": 80,
    "neighbors": 40,
    "verifier": {"max_steps": 600, "learning_rate": 3e-3, "every": 100, "layers": [32, 32]},
}


@pytest.fixture(scope="module")
def method(mlmodel: Logistic) -> TAP:
    return TAP(mlmodel, QUICK)


class KnownVerifier:
    """V is .9 where the named number of the second row is above a threshold, else .1."""

    def __init__(self, place: int, threshold: float) -> None:
        self.place, self.threshold = place, threshold

    def probability(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return torch.where(second[:, self.place] > self.threshold, 0.9, 0.1)


def separable(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Label 1 above a line."""
    rows = np.random.default_rng(seed).random((n, 2)) * 2 - 1
    return rows, (rows[:, 0] + 2 * rows[:, 1] > 0).astype(int)


def test_the_verifier_learns_the_rule_that_made_the_labels() -> None:
    rows, labels = separable(3000)
    options = VerifierOptions(layers=[32, 32], max_steps=800, learning_rate=5e-3, every=200)
    verifier, history = fit_verifier(rows, labels, options, torch.device("cpu"), 0, False)
    first, one = separable(2000, 1)
    second, other = separable(2000, 2)
    probability = verifier.probability(torch.from_numpy(first), torch.from_numpy(second)).numpy()
    assert ((probability > 0.5) == (one != other)).mean() > 0.93
    assert history.loss[history.step.index(history.best_step)] < 0.2
    # A row and itself are of one label: the verifier has to say so, though it never saw such a pair.
    same = verifier.probability(torch.from_numpy(first), torch.from_numpy(first)).numpy()
    assert (same < 0.5).mean() > 0.93


def test_with_noisy_labels_it_learns_the_product_of_the_probabilities() -> None:
    """V = 1/2 - (1 - 2 q)(1 - 2 q') / 2, here for q of 1/5 and 4/5 on two sides."""
    random = np.random.default_rng(0)
    rows = np.where(random.random((4000, 1)) < 0.5, 0.0, 1.0)
    labels = (random.random(4000) < np.where(rows[:, 0] > 0.5, 0.8, 0.2)).astype(int)
    options = VerifierOptions(layers=[16], max_steps=800, learning_rate=3e-3, every=100)
    verifier, _ = fit_verifier(rows, labels, options, torch.device("cpu"), 0, False)
    zero, one = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    assert verifier.probability(zero, one).item() == pytest.approx(0.68, abs=0.03)
    assert verifier.probability(one, zero).item() == pytest.approx(0.68, abs=0.03)
    assert verifier.probability(one, one).item() == pytest.approx(0.32, abs=0.03)


def test_the_kept_weights_are_those_of_the_least_held_out_loss_and_patience_ends_the_training() -> None:
    rows, labels = separable(60)
    options = VerifierOptions(layers=[32], max_steps=20000, learning_rate=1e-2, every=20, patience=3)
    _, history = fit_verifier(rows, labels, options, torch.device("cpu"), 0, False)
    best = history.step.index(history.best_step)
    assert history.loss[best] == min(history.loss)
    assert len(history.step) == best + 4
    assert history.step[-1] < 20000


def test_epochs_bound_the_training() -> None:
    rows, labels = separable(200)
    options = VerifierOptions(layers=[8], epochs=3, batch_size=50, every=5)
    _, history = fit_verifier(rows, labels, options, torch.device("cpu"), 0, False)
    assert history.step == [5, 10, 12]


def test_pairs_are_half_of_equal_labels_and_balanced() -> None:
    labels = torch.tensor([0] * 90 + [1] * 10)
    rows = torch.arange(100.0)[:, None]
    first, second, differ = LabelledPairs(rows, labels).draw(20000, torch.Generator().manual_seed(0))
    one, other = (first[:, 0] >= 90), (second[:, 0] >= 90)
    assert torch.equal(one != other, differ > 0.5)
    assert differ.mean().item() == pytest.approx(0.5, abs=0.02)
    assert one.float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert len(first.unique()) == 100  # every row takes part


def test_one_label_alone_is_refused() -> None:
    with pytest.raises(InputError, match="at least two training rows of each label"):
        fit_verifier(np.zeros((5, 1)), np.zeros(5, int), VerifierOptions(), torch.device("cpu"), 0, False)


def test_target_divergence_is_the_least_divergence_to_the_target_set() -> None:
    logits = torch.linspace(-6, 6, 25, dtype=torch.float64, requires_grad=True)
    grid = torch.linspace(0.8, 1 - 1e-9, 20001, dtype=torch.float64)
    s = torch.sigmoid(logits)[:, None]
    brute = (s * (s / grid).log() + (1 - s) * ((1 - s) / (1 - grid)).log()).amin(dim=1)
    divergence = target_divergence(logits, 0.8)
    torch.testing.assert_close(divergence, brute, atol=1e-7, rtol=1e-4)
    (slope,) = torch.autograd.grad(divergence.sum(), logits)
    s = torch.sigmoid(logits)
    expected = torch.where(s < 0.8, s * (1 - s) * (logits - np.log(4)), 0.0)
    torch.testing.assert_close(slope, expected)


def test_the_searchs_gradient_is_that_of_finite_differences(method: TAP, mlmodel: Logistic) -> None:
    """Of the whole objective, h asked anew at each point: the black box's plane is its slope here."""
    other = copy.copy(method)
    other.hyperparams = {**method.hyperparams, "lambda_": 0.3}
    values = method.schema.encode(denied(mlmodel, 3))
    space = RelaxedSpace(Relaxation(method.schema), values, method.device)
    random = torch.Generator().manual_seed(0)
    vectors = space.start + 0.01 * torch.rand(space.start.shape, generator=random, dtype=torch.float64)
    plane = method.plane(space, vectors)
    at = vectors.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(other.objective(space, plane, at).sum(), at)

    def value(point: torch.Tensor) -> torch.Tensor:
        """Written out from the docstring, with h's own answer."""
        h = torch.from_numpy(mlmodel.predict_proba(frame(space.columns(point)))[:, 1])
        divergence = h * (h / 0.9).log() + (1 - h) * ((1 - h) / 0.1).log()
        groups = [part for part in Relaxation(method.schema).slices if part.stop - part.start > 1]
        penalty = sum((point[:, part].sum(dim=1) - 1) ** 2 for part in groups)
        return divergence + 0.3 * ((point - space.start).abs() * space.price).sum(dim=1) + penalty

    def frame(columns: torch.Tensor) -> pd.DataFrame:
        return pd.DataFrame(columns.numpy(), columns=mlmodel.feature_input_order)

    size = 1e-5
    for place in range(vectors.shape[1]):
        step = torch.zeros(vectors.shape[1], dtype=torch.float64)
        step[place] = size
        difference = (value(vectors + step) - value(vectors - step)) / (2 * size)
        torch.testing.assert_close(gradient[:, place], difference, rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("threshold", [0.0, 0.6])
def test_the_answer_is_the_first_that_both_accept(mlmodel: Logistic, threshold: float) -> None:
    """Only income may change, the verifier is a threshold on it: the answer is at most a step above both bounds."""
    others = {name: {"immutable": True} for name in ("age", "debt", "job", "owner", "region")}
    alone = TAP(mlmodel, {**QUICK, "constraints": others, "target": 0.999999})
    income = alone.schema.names.index("income")
    alone.verifier = KnownVerifier(Relaxation(alone.schema).slices[income].start, threshold)
    values = alone.schema.encode(denied(mlmodel, 6))
    # h is logistic: where it crosses 1/2 is known from its logit and slope at the factual.
    logits = logit(alone.scores(values))
    crossing = (
        values[:, income] - logits / mlmodel.raw_model.coef_[0, mlmodel.feature_input_order.index("income")]
    )
    bound = np.maximum(crossing, threshold)
    reachable = bound < np.minimum(values[:, income] + 0.7, 0.99)
    assert reachable.sum() > 3
    found = answers_to(alone, values)[reachable, income]
    assert (found > bound[reachable]).all()
    assert (found < bound[reachable] + 0.0101).all()  # Adam's steps are of step_size at most here


def test_what_the_verifier_never_confirms_fails_unless_it_is_kept(method: TAP, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 6)
    refusing = copy.copy(method)
    refusing.verifier = KnownVerifier(0, np.inf)
    refusing.hyperparams = dict(method.hyperparams)
    assert refusing.get_counterfactuals(factuals).isna().all(axis=None)
    refusing.hyperparams["unverified"] = "keep"
    kept = refusing.get_counterfactuals(factuals)
    agreeing = copy.copy(refusing)
    agreeing.verifier = KnownVerifier(0, -np.inf)
    pd.testing.assert_frame_equal(kept, agreeing.get_counterfactuals(factuals))
    assert (mlmodel.predict(kept.dropna()) > 0.5).all() and len(kept.dropna()) > 3


def test_contract(method: TAP, mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 8)
    before = factuals.copy()
    answers = method.get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(factuals, before)
    assert list(answers.columns) == mlmodel.feature_input_order and answers.index.equals(factuals.index)
    found = answers.dropna()
    assert len(found) > 4
    assert (mlmodel.predict(found) > 0.5).all()
    assert (found["age"] == factuals.loc[found.index, "age"]).all()
    start = torch.from_numpy(
        Relaxation(method.schema).encode(method.schema.encode(factuals.loc[found.index]))
    )
    end = torch.from_numpy(Relaxation(method.schema).encode(method.schema.encode(found)))
    assert (method.verifier.probability(start, end) > 0.5).all()
    pd.testing.assert_frame_equal(answers, method.get_counterfactuals(factuals))
    single = pd.concat([method.get_counterfactuals(factuals.iloc[[i]]) for i in (5, 2, 7)])
    pd.testing.assert_frame_equal(answers.iloc[[5, 2, 7]], single)
    assert method.get_counterfactuals(factuals.head(0)).shape == (0, answers.shape[1])
    again = TAP(mlmodel, QUICK)
    pd.testing.assert_frame_equal(answers, again.get_counterfactuals(factuals))


def test_directions_and_ranges_hold(mlmodel: Logistic) -> None:
    limits = {"debt": {"direction": "increase"}, "income": {"range": (0, 80)}}
    method = TAP(mlmodel, {**QUICK, "constraints": limits})
    values = method.schema.encode(denied(mlmodel, 10))
    answers = answers_to(method, values)
    found = ~np.isnan(answers).any(axis=1)
    assert found.any() and method.schema.allowed(values[found], answers[found]).all()


@pytest.mark.parametrize(
    ("hyperparams", "message"),
    [
        ({"n_iters": 3}, "did you mean 'n_iter'"),
        ({"target": 0.5}, "target must be in"),
        ({"verifier": {"epoch": 3}}, "did you mean 'epochs'"),
        ({"verifier": {"layers": [50, 0]}}, "layers must be widths of at least 1"),
        ({"verifier": {"layers": 50}}, "layers must be"),
        ({"unverified": "kept"}, "Did you mean 'keep'"),
    ],
)
def test_bad_hyperparameters_are_named(hyperparams: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TAP(make_mlmodel(), hyperparams)
