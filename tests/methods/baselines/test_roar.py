import itertools

import numpy as np
import pytest
import torch
from method_cases import Logistic, denied, make_mlmodel
from robust_cases import Hidden, network

from carla_genre import InputError
from carla_genre.methods.baselines.roar import ROAR, worst_case_logit
from carla_genre.testing import check_method

# A delta and a price at which a plain answer is near the boundary, and a robust one can be had.
SHIFT, PRICE = 0.3, 2.0


def coefficients(mlmodel: Logistic) -> np.ndarray:
    return np.append(mlmodel.raw_model.coef_[0], mlmodel.raw_model.intercept_)


def share_valid_under_every_shift(mlmodel: Logistic, answers: np.ndarray, delta: float) -> float:
    """By brute force: random corners of the box, and the worst one of each answer, as models of their own."""
    inputs = np.column_stack([answers, np.ones(len(answers))])
    corners = np.random.default_rng(0).choice([-delta, delta], (500, inputs.shape[1]))
    shifts = np.vstack([corners, -delta * np.sign(inputs)])
    return float((inputs @ (coefficients(mlmodel) + shifts).T > 0).all(axis=1).mean())


@pytest.mark.parametrize("norm", ["inf", "2"])
def test_the_inner_maximum_is_the_brute_forces(norm: str) -> None:
    random = np.random.default_rng(3)
    weights, inputs, delta = random.normal(size=6), random.normal(size=(8, 5)), 0.2
    with_one = np.column_stack([inputs, np.ones(8)])
    if norm == "inf":
        shifts = np.array(list(itertools.product([-delta, delta], repeat=6)))
    else:
        shifts = random.normal(size=(200000, 6))
        shifts *= delta / np.linalg.norm(shifts, axis=1, keepdims=True)
    least = (with_one @ (weights + shifts).T).min(axis=1)
    logits = torch.from_numpy(with_one @ weights)
    found = worst_case_logit(logits, torch.from_numpy(inputs), delta, norm).numpy()
    if norm == "inf":
        np.testing.assert_allclose(found, least, rtol=1e-12)
    else:
        assert (found <= least).all() and (least - found < 0.05 * (logits.numpy() - found)).all()


def test_every_shifted_model_accepts_a_robust_answer_and_not_every_plain_one(mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 40)
    shares, costs = [], []
    for delta in (0.0, SHIFT):
        method = ROAR(mlmodel, {"delta": delta, "lambda_": PRICE})
        answers = method.get_counterfactuals(factuals)
        assert answers.notna().all(axis=None)
        shares.append(share_valid_under_every_shift(mlmodel, answers.to_numpy(float), SHIFT))
        costs.append(method.schema.cost(method.schema.encode(factuals), method.schema.encode(answers)).mean())
    assert shares[1] == 1 and shares[0] < 0.8
    assert costs[0] < costs[1]  # robustness is paid for


def test_the_outer_minimum_is_the_brute_forces() -> None:
    mlmodel = make_mlmodel(immutables=["age", "region", "job", "owner"])  # income and debt are left
    factuals, weights = denied(mlmodel, 5), coefficients(mlmodel)
    method = ROAR(mlmodel, {"delta": 0.1, "lambda_": 0.5})
    answers = method.get_counterfactuals(factuals)
    places = [
        list(factuals.columns.intersection(answers.columns, sort=False)).index(c) for c in ("income", "debt")
    ]
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 401), np.linspace(0, 1, 401)), axis=-1).reshape(-1, 2)

    def objective(rows: np.ndarray, factual: np.ndarray) -> np.ndarray:
        margin = rows @ weights[:-1] + weights[-1] - 0.1 * (np.abs(rows).sum(axis=1) + 1)
        return np.logaddexp(0, -margin) + 0.5 * np.abs(rows - factual).sum(axis=1)

    for factual, answer in zip(
        factuals[answers.columns].to_numpy(float), answers.to_numpy(float), strict=True
    ):
        rows = np.repeat(factual[None], len(grid), axis=0)
        rows[:, places] = grid
        found, least = objective(answer[None], factual)[0], objective(rows, factual).min()
        assert found <= least + 1e-4, (found, least)


def test_a_linear_classifier_is_its_own_plane_and_a_network_has_one_for_each_person(
    mlmodel: Logistic,
) -> None:
    linear = ROAR(mlmodel)
    rows = torch.from_numpy(denied(mlmodel, 3)[list(mlmodel.feature_input_order)].to_numpy(float))
    slopes, intercepts = linear.planes(rows)
    logits = ((rows * slopes).sum(dim=1) + intercepts).numpy()
    h = mlmodel.predict_proba(denied(mlmodel, 3))[:, 1]
    np.testing.assert_allclose(logits, np.log(h / (1 - h)), atol=1e-3)
    curved = ROAR(network())
    slopes, _ = curved.planes(rows)
    assert not torch.allclose(slopes[0], slopes[1])


def test_a_network_accepts_the_answers_and_hiding_it_hardly_matters() -> None:
    shown = network()
    hidden = Hidden(shown.data, shown.raw_model)
    factuals = denied(shown, 30)
    answers = ROAR(shown).get_counterfactuals(factuals)
    assert answers.notna().all(axis=1).mean() > 0.9
    assert (shown.predict(answers.dropna()) > 0.5).all()
    np.testing.assert_allclose(ROAR(hidden).get_counterfactuals(factuals), answers, atol=1e-3)


def test_a_category_of_many_levels_is_changed_where_only_it_may_change() -> None:
    mlmodel = make_mlmodel(immutables=["age", "region", "income", "debt", "owner"])
    near = mlmodel.data.df_test
    near = near[(mlmodel.predict(near) <= 0.5) & (mlmodel.predict(near) > 0.3)].head(10)
    method = ROAR(mlmodel, {"lambda_": 0.01})
    answers = method.get_counterfactuals(near)
    changed = answers.filter(like="job").to_numpy(float) != near.filter(like="job").to_numpy(float)
    assert answers.notna().all(axis=1).mean() > 0.5
    assert (changed[answers.notna().all(axis=1)].sum(axis=1) == 2).all()


def test_the_contract(mlmodel: Logistic) -> None:
    constraints = {"income": {"direction": "increase"}}
    check_method(ROAR, mlmodel, denied(mlmodel, 12), {"constraints": constraints})


def test_columns_that_are_text_are_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match="columns that are not numbers: encode it one-hot"):
        ROAR(make_mlmodel("Identity"))
