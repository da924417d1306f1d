"""RNCE, PROPLACE and ElliCE: what all networks like h accept, and at what cost."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import Logistic, answers_to, denied, make_mlmodel
from torch import nn

from carla_genre import InputError, build_method, check_method
from carla_genre.evaluation.violations import violations
from carla_genre.methods.baselines.ellice import ElliCE
from carla_genre.methods.baselines.proplace import PROPLACE
from carla_genre.methods.baselines.rnce import RNCE
from carla_genre.methods.baselines.search.relu_layers import Layer, ReLULayers
from carla_genre.protocol.classifier import ProtocolClassifier, TwoClasses

SET = {"job": {"immutable": True}, "income": {"direction": "increase"}, "debt": {"range": (2, 9)}}
DELTA = {"delta": 0.02}


@pytest.fixture(scope="module")
def network() -> ProtocolClassifier:
    """A small network on the applicants."""
    data = make_mlmodel().data
    columns = [column for column in data.df_train.columns if column != data.target]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        logit = nn.Sequential(
            nn.Linear(len(columns), 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1)
        )
    rows = torch.tensor(data.df_train[columns].to_numpy(float)).float()
    labels = torch.tensor(data.df_train[data.target].to_numpy()).float()[:, None]
    optimizer = torch.optim.Adam(logit.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(logit(rows), labels).backward()
        optimizer.step()
    return ProtocolClassifier(data, columns, TwoClasses(logit))


def moved(layers: ReLULayers, delta: float, seed: int) -> ReLULayers:
    """The same layers with every parameter at an end of what it may be, at random."""
    random = np.random.default_rng(seed)
    ends = [
        Layer(*(part + delta * random.choice([-1, 1], part.shape) for part in layer))
        for layer in layers.layers
    ]
    return ReLULayers(ends)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("RNCE", DELTA),
        ("RNCE", {**DELTA, "optimal": False}),
        ("PROPLACE", {**DELTA, "n_neighbours": 4}),
        ("ElliCE", {}),
    ],
)
def test_the_contract_holds(network: Any, name: str, given: dict[str, Any]) -> None:
    check_method(name, network, denied(network, 4), {**given, "verbose": False}, holds_constraints=True)


def test_the_bound_is_below_all_networks_and_exact_with_one_hidden_layer() -> None:
    random = np.random.default_rng(0)
    for widths in ([5, 1], [5, 4, 1], [5, 4, 3, 1]):
        pairs = pairwise(widths)
        layers = ReLULayers(
            [Layer(random.normal(size=(out, n)), random.normal(size=out)) for n, out in pairs]
        )
        rows = random.normal(size=(20, 5))
        bound = layers.least_logits(rows, 0.1)
        least = np.min([moved(layers, 0.1, seed).logits(rows) for seed in range(300)], axis=0)
        assert (bound <= least + 1e-12).all()
        np.testing.assert_allclose(layers.least_logits(rows, 0), layers.logits(rows))
        if len(widths) == 2:
            assert bound == pytest.approx(least, abs=0.3)
        if len(widths) == 3:  # the worst parameters can be written down
            np.testing.assert_allclose(bound, [worst(layers, row, 0.1) for row in rows])


def worst(layers: ReLULayers, row: np.ndarray, delta: float) -> float:
    """The logit of the network with one hidden layer that is the worst for a row."""
    (first, biases), (last, bias) = layers.layers
    down = last[0] - delta  # a node with a positive weight should be small, another one large
    sign = np.where(down >= 0, -1.0, 1.0)[:, None]
    shifted = Layer(first + sign * delta * np.sign(row), biases + sign[:, 0] * delta)
    return float(ReLULayers([shifted, Layer(down[None], bias - delta)]).logits(row[None])[0])


@pytest.mark.parametrize("name", ["RNCE", "PROPLACE"])
def test_networks_near_h_accept_the_answers(network: Any, name: str) -> None:
    method, people = build_method(name, network, DELTA), denied(network, 6)
    answers = method.get_counterfactuals(people)
    there = answers.notna().all(axis=1)
    assert there.any()
    columns = answers[there].to_numpy(float)
    for seed in range(50):
        assert (moved(method.layers, DELTA["delta"], seed).logits(columns) > 0).all()


def test_each_method_is_as_cheap_as_the_one_before(network: Any) -> None:
    people = denied(network, 8)
    methods = [RNCE(network, {**DELTA, "optimal": False}), RNCE(network, DELTA), PROPLACE(network, DELTA)]
    schema, answers = methods[0].schema, [method.get_counterfactuals(people) for method in methods]
    there = pd.concat([part.notna().all(axis=1) for part in answers], axis=1).all(axis=1)
    before = schema.encode(people[there])
    row, line, hull = (schema.cost(before, schema.encode(part[there])) for part in answers)
    assert (line <= row + 1e-9).all() and (line < row).any()
    assert (hull <= row + 1e-9).all() and (hull < row).any()


def test_a_hull_of_two_rows_is_searched_to_the_last_robust_point(network: Any) -> None:
    method = PROPLACE(network, {**DELTA, "n_neighbours": 2})
    robust, schema = method._robust, method.schema
    person = schema.encode(denied(network, 1))[0]
    first = robust[schema.allowed(person, robust)][0]
    second = first.copy()
    second[~schema.categorical] = person[~schema.categorical]  # the factual's numbers: mostly not accepted
    answer = method._one(person, np.stack([first, second]))
    shares = np.linspace(0, 1, 2001)[:, None]
    line = (1 - shares) * first + shares * second
    line = np.where(schema.categorical, first, line)
    costs = schema.cost(person, line)
    assert schema.cost(person, answer) == pytest.approx(costs[method.is_robust(line)].min(), abs=2e-3)


def test_no_last_layer_of_the_ellipsoid_refuses_an_answer_and_one_comes_near(network: Any) -> None:
    method, people = ElliCE(network, {"epsilon": 0.02}), denied(network, 10)
    columns = method.get_counterfactuals(people).dropna().to_numpy(float)
    nodes, random = method.layers.last_nodes(columns), np.random.default_rng(0)
    weights, hessian = np.append(*(part.ravel() for part in method.layers.layers[-1])), method.hessian
    factor = np.linalg.cholesky(hessian)
    around = random.normal(size=(4000, len(weights)))
    around = np.linalg.solve(factor.T, (around / np.linalg.norm(around, axis=1, keepdims=True)).T).T
    np.testing.assert_allclose(np.einsum("ij,jk,ik->i", around, hessian, around), 1.0)
    logits = nodes @ (weights + np.sqrt(2 * 0.02) * around).T
    bound = method.least_logits(columns)
    assert (bound > 0).all() and (logits >= bound[:, None] - 1e-9).all()
    worst = np.linalg.solve(hessian, nodes.T).T
    worst *= -np.sqrt(2 * 0.02) / np.sqrt((nodes * worst).sum(axis=1, keepdims=True))
    np.testing.assert_allclose((nodes * (weights + worst)).sum(axis=1), bound)


def test_a_larger_rashomon_set_costs_more(network: Any) -> None:
    people, costs = denied(network, 20), []
    for epsilon in (0.0, 0.005, 0.02):
        method = ElliCE(network, {"epsilon": epsilon})
        values = method.schema.encode(people)
        costs.append(method.schema.cost(values, answers_to(method, values)))
    there = ~np.isnan(costs[2])
    assert (costs[0] <= costs[1])[there].all() and (costs[1] <= costs[2])[there].all()
    assert (costs[0] < costs[2])[there].any()


@pytest.mark.parametrize("name", ["RNCE", "PROPLACE", "ElliCE"])
def test_a_set_that_is_said_when_asking_holds(network: Any, name: str) -> None:
    method, people = build_method(name, network, {} if name == "ElliCE" else DELTA), denied(network, 8)
    told = method.with_constraints(SET)
    answers = told.get_counterfactuals(people)
    assert answers.notna().all(axis=1).any()
    assert violations(told.schema, people, answers).rows == 0
    nothing = {name: {"immutable": True} for name in method.schema.names}
    assert method.with_constraints(nothing).get_counterfactuals(people).isna().all(axis=None)


def test_a_logistic_regression_is_a_network_too(mlmodel: Logistic) -> None:
    people = denied(mlmodel, 5)
    answers = RNCE(mlmodel, {"delta": 0.1}).get_counterfactuals(people)
    assert (mlmodel.predict_proba(answers.dropna())[:, 1] > 0.5).all()


def test_what_cannot_be_answered_is_said(network: Any, mlmodel: Logistic) -> None:
    with pytest.raises(InputError, match="lower delta"):
        RNCE(network, {"delta": 5.0})

    class Other(Logistic):
        @property
        def raw_model(self) -> Any:
            return object()

    with pytest.raises(InputError, match="linear layers with ReLU"):
        PROPLACE(Other(mlmodel.data))
