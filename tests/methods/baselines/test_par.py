"""PAR: likely, valid and near answers, one forward pass each."""

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from method_cases import Logistic, answers_to, denied, make_mlmodel

from carla_genre import load_dataset
from carla_genre.errors import MissingDependencyError
from carla_genre.methods.baselines.par.method import PAR
from carla_genre.methods.baselines.par.objective import single_neighbour

QUICK: dict[str, Any] = {
    "steps": 200,
    "surrogate_steps": 300,
    "components": 8,
    "em_steps": 20,
    "hidden": 32,
    "batch_size": 64,
    "verbose": False,
}
needs_spflow = pytest.mark.skipif(
    "not __import__('importlib').util.find_spec('spflow')", reason="PAR needs SPFlow (the extra 'par')"
)


def gaussians() -> Logistic:
    """Two features; label 0 around (.3, .3), label 1 around (.7, .7) and twice as wide in the second."""
    random = np.random.default_rng(0)
    labels = np.arange(1000) % 2
    spread = random.normal(size=(1000, 2)) * np.where(labels, 2, 1)[:, None] ** [0, 1] * 0.08
    points = np.where(labels, 0.7, 0.3)[:, None] + spread
    frame = pd.DataFrame(points, columns=["a", "b"]).assign(label=labels)
    roles = {"target": "label", "categorical": [], "continuous": ["a", "b"], "immutables": []}
    return Logistic(load_dataset(frame, quiet=True, **roles))


@pytest.fixture(scope="module")
def toy() -> PAR:
    return PAR(gaussians(), {**QUICK, "steps": 400, "values": "free"})


@pytest.fixture(scope="module")
def applicants_par() -> PAR:
    return PAR(make_mlmodel(), QUICK)


def vectors(method: PAR, values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(method.relaxation.encode(values)).float()


def targets(method: PAR) -> np.ndarray:
    """The training rows that it imitates."""
    rows = method.classifier.training_rows()
    return rows.values[rows.accepted(method.hyperparams["gamma"])]


def log_likelihood(method: PAR, values: np.ndarray, of: str = "accepted") -> np.ndarray:
    return method.densities[of](vectors(method, values)).numpy()


def losses(method: PAR, factuals: np.ndarray, answers: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return method.objective(vectors(method, factuals), vectors(method, answers)).numpy()


def refused(method: PAR, n: int = 50) -> np.ndarray:
    return method.schema.encode(denied(method.classifier.mlmodel, n))


@pytest.mark.slow
@needs_spflow
def test_answers_are_likelier_accepted_and_less_likely_denied_than_factual_and_neighbour(toy: PAR) -> None:
    values = refused(toy)
    answers = answers_to(toy, values)
    nearest = targets(toy)[np.abs(values[:, None] - targets(toy)).sum(-1).argmin(1)]
    for others in (values, nearest):
        assert log_likelihood(toy, answers).mean() > log_likelihood(toy, others).mean()
        floored = [
            np.maximum(log_likelihood(toy, x, "denied"), toy.objective.floor) for x in (answers, others)
        ]
        assert floored[0].mean() <= floored[1].mean()
    assert (toy.scores(answers) > 0.5).all()


@pytest.mark.slow
@needs_spflow
def test_the_amortised_answer_is_near_a_direct_search_for_the_same_objective(toy: PAR) -> None:
    values = refused(toy)
    factuals = vectors(toy, values)
    grid = torch.cartesian_prod(torch.linspace(0, 1.2, 121), torch.linspace(0, 1.2, 121))
    with torch.no_grad():
        best = torch.stack([toy.objective(x, grid).min() for x in factuals]).numpy()
    own = losses(toy, values, values)
    found = losses(toy, values, answers_to(toy, values))
    assert (own - found).mean() > 0.95 * (own - best).mean()
    assert np.median(found - best) < 0.5


@pytest.mark.slow
@needs_spflow
def test_training_lowers_the_objective_and_keeps_the_best_weights(toy: PAR) -> None:
    assert min(toy.losses) < toy.losses[0]
    assert len(toy.losses) == 21


@needs_spflow
def test_constraints_hold_and_h_accepts(applicants_par: PAR) -> None:
    method = applicants_par
    factuals = denied(method.classifier.mlmodel, 60)
    values = method.schema.encode(factuals)
    candidates = method.candidates(values)
    assert method.schema.allowed(values[:, None], candidates).all()
    assert (candidates[..., method.schema.immutable] == values[:, None, method.schema.immutable]).all()
    answers = method.get_counterfactuals(factuals)
    found = answers.dropna()
    assert len(found) > 50
    assert (method.classifier.mlmodel.predict_proba(found)[:, 1] > 0.5).all()
    assert (method.schema.cost(values, method.schema.encode(answers.fillna(factuals))) < 2).mean() > 0.9


@needs_spflow
def test_direction_and_range_hold() -> None:
    constraints = {
        "income": {"direction": "increase"},
        "debt": {"range": (5, 20)},
        "job": {"immutable": True},
    }
    method = PAR(make_mlmodel(), {**QUICK, "steps": 20, "constraints": constraints})
    values = refused(method)
    assert method.schema.allowed(values[:, None], method.candidates(values)).all()


@needs_spflow
def test_continuous_answers_have_values_of_a_neighbour_or_of_the_factual(applicants_par: PAR) -> None:
    method = applicants_par
    values = refused(method)
    task = method._task(values)
    neighbours = method._targets[task.indices.numpy()]
    candidates = method.candidates(values)
    assert (candidates != values[:, None])[..., ~method.schema.categorical].any()
    for position in np.flatnonzero(~method.schema.categorical):
        number = candidates[..., position]
        of_neighbour = (number[:, :, None] == neighbours[:, None, :, position]).any(-1)
        assert (of_neighbour | (number == values[:, None, position])).all()


@needs_spflow
def test_an_answer_does_not_depend_on_the_batch(applicants_par: PAR) -> None:
    factuals = denied(applicants_par.classifier.mlmodel, 12)
    together = applicants_par.get_counterfactuals(factuals)
    alone = pd.concat([applicants_par.get_counterfactuals(factuals.iloc[[row]]) for row in range(12)])
    pd.testing.assert_frame_equal(together, alone, rtol=0, atol=1e-6)


@pytest.mark.slow
@needs_spflow
@pytest.mark.parametrize("price", [2.0, pytest.param(10.0, marks=pytest.mark.slow)])
def test_one_normal_and_a_price_have_their_optimum_in_closed_form(price: float) -> None:
    """The least of (x' - mu)^2 / 2 sigma^2 + price |x' - x| is at mu, moved by price sigma^2 towards x."""
    alone = {"denied_weight": 0.0, "sparsity_weight": 0.0, "validity_weight": 0.0, "components": 1}
    method = PAR(gaussians(), {**QUICK, **alone, "lambda_": price, "values": "free", "n_candidates": 1})
    values = refused(method)
    mean, variance = targets(method).mean(0), targets(method).var(0)
    expected = mean - price * variance
    reached = values < expected
    error = np.abs(method.candidates(values)[:, 0] - expected)
    assert reached.mean() > 0.8
    assert error[reached].mean() < 0.02


@needs_spflow
def test_factuals_without_neighbours_are_answered_from_themselves() -> None:
    """No accepted row has the region of these factuals: the network is given no neighbour."""
    mlmodel = make_mlmodel()
    method = PAR(mlmodel, {**QUICK, "steps": 20})
    region = method.schema.names.index("region")
    method._targets = method._targets[method._targets[:, region] != 0]
    values = refused(method, 60)
    values = values[values[:, region] == 0]
    assert len(values) > 5
    assert (method._task(values).weights == 0).all()
    candidates = method.candidates(values)
    assert np.isfinite(candidates).all()
    assert (candidates[..., region] == 0).all()


@needs_spflow
def test_the_surrogate_imitates_h(applicants_par: PAR) -> None:
    values = applicants_par.schema.encode(applicants_par.classifier.mlmodel.data.df_test)
    with torch.no_grad():
        imitated = applicants_par.objective.surrogate(vectors(applicants_par, values)).sigmoid().numpy()
    assert np.abs(imitated - applicants_par.scores(values)).mean() < 0.05


def test_a_neighbour_is_drawn_as_often_as_its_weight() -> None:
    weights = torch.tensor([0.5, 0.0, 0.2, 0.3]).repeat(4000, 1)
    uniform = (torch.arange(4000).unsqueeze(1) + 0.5) / 4000
    drawn = single_neighbour(weights, uniform)
    assert (drawn.sum(1) == 1).all()
    torch.testing.assert_close(drawn.mean(0), weights[0], atol=1e-3, rtol=0)
    assert (single_neighbour(torch.zeros(2, 3), uniform[:2]) == 0).all()


def test_without_spflow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, mlmodel: Logistic) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "spflow"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, "carla_genre.methods.baselines.par.circuit", raising=False)
    monkeypatch.setitem(sys.modules, "spflow", None)
    with pytest.raises(MissingDependencyError, match=r"carla-genre\[par\]"):
        PAR(mlmodel, QUICK)


@pytest.mark.slow
@needs_spflow
def test_a_set_that_is_said_when_asking_holds(applicants_par: PAR) -> None:
    people = denied(applicants_par.classifier.mlmodel, 20)
    told = applicants_par.with_constraints({"job": {"immutable": True}, "income": {"direction": "increase"}})
    values = told.schema.encode(people)
    assert told.schema.allowed(values[:, None], told.candidates(values)).all()
    pd.testing.assert_frame_equal(
        applicants_par.with_constraints(None).get_counterfactuals(people),
        applicants_par.get_counterfactuals(people),
    )
