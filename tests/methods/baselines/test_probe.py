from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import Logistic, denied
from robust_cases import Hidden, Network, network

from carla_genre.methods.baselines.probe import PROBE, invalidation_rate
from carla_genre.testing import check_method

VARIANCE = 0.01


@pytest.fixture(scope="module")
def net() -> Network:
    return network()


def measured_rates(mlmodel: Any, answers: pd.DataFrame, n: int = 4000) -> np.ndarray:
    """The share of noisy versions of each answer that the classifier refuses, by Monte Carlo."""
    noise = np.random.default_rng(0).normal(0, VARIANCE**0.5, (n, answers.shape[1]))
    return np.array(
        [(mlmodel.predict_proba(row + noise)[:, 1] <= 0.5).mean() for row in answers.to_numpy(float)]
    )


def cost(method: PROBE, factuals: pd.DataFrame, answers: pd.DataFrame) -> float:
    schema = method.schema
    return float(schema.cost(schema.encode(factuals), schema.encode(answers)).mean())


def test_the_closed_form_is_the_monte_carlo_of_a_linear_model(mlmodel: Logistic) -> None:
    answers = mlmodel.data.df_test[list(mlmodel.feature_input_order)].head(30)
    weights = torch.from_numpy(mlmodel.raw_model.coef_)
    logits = torch.from_numpy(mlmodel.raw_model.decision_function(answers.to_numpy(float)))
    rates = invalidation_rate(logits, weights.expand(len(answers), -1), VARIANCE).numpy()
    assert ((rates > 0.05) & (rates < 0.95)).any()
    np.testing.assert_allclose(measured_rates(mlmodel, answers, 20000), rates, atol=0.015)


def test_without_a_slope_noise_changes_nothing_and_the_derivative_is_a_number() -> None:
    gradients = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    rates = invalidation_rate(torch.tensor([1.0, -1.0]).double(), gradients, VARIANCE)
    (derived,) = torch.autograd.grad(rates.sum(), gradients)
    assert rates.tolist() == [0, 1] and torch.isfinite(derived).all()


@pytest.mark.slow
def test_a_linear_models_answers_are_refused_as_often_as_asked_and_no_oftener(mlmodel: Logistic) -> None:
    factuals, costs = denied(mlmodel, 8), []
    for target in (0.3, 0.05):
        method = PROBE(mlmodel, {"invalidation_target": target})
        answers = method.get_counterfactuals(factuals)
        rates = measured_rates(mlmodel, answers)
        assert (rates < target + 0.015).all()  # three standard errors
        assert rates.mean() > 0.6 * target  # the search stops when it is there, a step of .01 too far at most
        costs.append(cost(method, factuals, answers))
    assert costs[0] < costs[1]


def test_a_networks_answers_are_refused_about_as_often_as_asked(net: Network) -> None:
    factuals = denied(net, 30)
    answers = PROBE(net).get_counterfactuals(factuals)
    rates = measured_rates(net, answers)
    assert abs(rates.mean() - 0.05) < 0.02 and rates.max() < 0.1
    plain = PROBE(net, {"invalidation_target": 0.5}).get_counterfactuals(factuals)
    assert measured_rates(net, plain).mean() > 0.4


@pytest.mark.slow
def test_hiding_the_network_hardly_matters(net: Network) -> None:
    factuals = denied(net, 12)
    shown = PROBE(net, {"loss_type": "MSE"})
    hidden = PROBE(Hidden(net.data, net.raw_model), {"loss_type": "MSE"})
    answers, others = shown.get_counterfactuals(factuals), hidden.get_counterfactuals(factuals)
    assert abs(cost(shown, factuals, answers) - cost(hidden, factuals, others)) < 0.01
    assert np.abs(answers.to_numpy(float) - others.to_numpy(float)).max() < 0.03  # about two steps


def test_whoever_cannot_reach_the_target_gets_the_best_or_nothing(net: Network) -> None:
    factuals = denied(net, 20)
    frozen = {name: {"immutable": True} for name in ("age", "job", "region", "owner", "income")}
    hyperparams = {"constraints": frozen, "invalidation_target": 0.001, "steps": 60}
    best = PROBE(net, hyperparams).get_counterfactuals(factuals).notna().all(axis=1)
    dropped = PROBE(net, {**hyperparams, "unreached": "drop"}).get_counterfactuals(factuals)
    kept = dropped.notna().all(axis=1)
    assert kept.sum() < best.sum() < len(factuals) and (best | ~kept).all()
    assert (measured_rates(net, dropped[kept]) < 0.01).all()


def test_whom_the_target_is_met_for_already_stays(net: Network) -> None:
    accepted = net.data.df_test[net.predict(net.data.df_test) > 0.999].head(5)
    answers = PROBE(net).get_counterfactuals(accepted)
    pd.testing.assert_frame_equal(answers, accepted[answers.columns])


@pytest.mark.slow
def test_the_contract(net: Network, mlmodel: Logistic) -> None:
    constraints = {"income": {"direction": "increase"}}
    check_method(PROBE, net, denied(net, 3), {"constraints": constraints, "steps": 100})
    check_method(PROBE, mlmodel, denied(mlmodel, 2), {"neighbors": 10, "invalidation_target": 0.2})
