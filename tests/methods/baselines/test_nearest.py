from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import Logistic, denied, make_mlmodel, quick_selector

from carla_genre import InputError, build_method
from carla_genre.evaluation.violations import violations
from carla_genre.methods.baselines.nearest import NearestNeighbor

KINDS = ("predicted", "confident", "labelled")


def brute_force(method: NearestNeighbor, mlmodel: Any, kind: str, factual: np.ndarray) -> float:
    """Least cost over all training rows of that kind which may answer a factual (D,), one at a time."""
    train = mlmodel.data.df_train
    h = mlmodel.predict_proba(train)[:, 1]
    keep = h > (0.5 if kind == "predicted" else 0.7)
    if kind == "labelled":
        keep &= train[mlmodel.data.target].to_numpy() == 1
    costs = [np.inf]
    for row in method.schema.encode(train[keep]):
        change = row - factual
        forbidden = any(
            (f.immutable and change[i] != 0) or f.direction * change[i] < 0
            for i, f in enumerate(method.schema.features)
        )
        if not forbidden:
            costs.append(float(np.where(method.schema.categorical, change != 0, np.abs(change)).sum()))
    return min(costs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("constraints", [None, {"income": {"direction": "increase"}}])
def test_the_nearest_row_is_the_brute_forces(mlmodel: Logistic, kind: str, constraints: Any) -> None:
    hyperparams = {"accepted": kind, "unmatched": "drop", "constraints": constraints}
    method = NearestNeighbor(mlmodel, hyperparams)
    factuals = denied(mlmodel, 30)
    values = method.schema.encode(factuals)
    answers = method.get_counterfactuals(factuals)
    found = answers.notna().all(axis=1).to_numpy()
    best = np.array([brute_force(method, mlmodel, kind, row) for row in values])
    np.testing.assert_array_equal(found, np.isfinite(best))
    assert found.mean() > 0.5
    costs = method.schema.cost(values[found], method.schema.encode(answers[found]))
    np.testing.assert_allclose(costs, best[found], rtol=0, atol=1e-12)


def test_a_stricter_kind_costs_more(mlmodel: Logistic) -> None:
    factuals = denied(mlmodel, 40)
    costs = []
    for kind in KINDS:
        method = NearestNeighbor(mlmodel, {"accepted": kind, "unmatched": "drop"})
        values, answers = method.schema.encode(factuals), method.get_counterfactuals(factuals)
        cost = np.full(len(values), np.inf)
        found = answers.notna().all(axis=1).to_numpy()
        cost[found] = method.schema.cost(values[found], method.schema.encode(answers[found]))
        costs.append(cost)
    assert (costs[0] <= costs[1]).all() and (costs[1] <= costs[2]).all() and (costs[0] < costs[2]).any()


def test_whoever_has_no_match_gets_the_row_nearest_in_the_immutables() -> None:
    mlmodel = make_mlmodel(immutables=["age", "income", "region"])  # nobody earns the same to the cent
    factuals = denied(mlmodel, 40)
    dropped = NearestNeighbor(mlmodel, {"unmatched": "drop"}).get_counterfactuals(factuals)
    relaxed = NearestNeighbor(mlmodel).get_counterfactuals(factuals)
    answered = relaxed.notna().all(axis=1)
    assert dropped.isna().all(axis=None) and answered.any()
    frozen = ["age", "income", "region_north", "region_south", "region_west"]
    pd.testing.assert_frame_equal(
        relaxed.loc[answered, frozen], factuals.loc[answered, frozen], check_dtype=False
    )
    assert (mlmodel.predict_proba(relaxed[answered])[:, 1] > 0.5).all()


def test_no_row_of_the_kind_is_said(mlmodel: Logistic) -> None:
    gamma = 1 - 1e-9
    with pytest.raises(InputError, match=f"h is above {gamma} for no training row, at most .*: lower gamma"):
        NearestNeighbor(mlmodel, {"accepted": "confident", "gamma": gamma})
    with pytest.raises(InputError, match=r"D_h\+ is empty"):
        NearestNeighbor(mlmodel, {"gamma": gamma})


@pytest.fixture(scope="module")
def selecting(mlmodel: Logistic) -> NearestNeighbor:
    """The 20 nearest rows with a selector that is fitted in a moment."""
    with quick_selector(trees=30):
        constraints = {"income": {"direction": "increase"}}
        hyperparams = {"n_samples": 20, "constraints": constraints}
        method = build_method("NNR+Score", mlmodel, hyperparams)
    assert isinstance(method, NearestNeighbor)
    return method


def test_candidates_are_the_nearest_rows_in_their_order(
    selecting: NearestNeighbor, mlmodel: Logistic
) -> None:
    values = selecting.schema.encode(denied(mlmodel, 10))
    candidates = selecting.candidates(values)
    assert candidates.shape == (10, 20, 6)
    costs = selecting.schema.cost(values[:, None], candidates)
    for row, rising in zip(values, costs, strict=True):
        assert rising[0] == pytest.approx(brute_force(selecting, mlmodel, "labelled", row))
        last = rising.argmax()  # behind it the nearest row stands in for those that are not there
        assert (np.diff(rising[: last + 1]) >= -1e-12).all()


def test_with_a_selector_the_answer_is_the_one_it_chooses(
    selecting: NearestNeighbor, mlmodel: Logistic
) -> None:
    factuals = denied(mlmodel, 12)
    answers = selecting.get_counterfactuals(factuals)
    assert answers.notna().all(axis=1).mean() > 0.5
    assert violations(selecting.schema, factuals, answers).rows == 0
    nearest = NearestNeighbor(mlmodel, {"constraints": selecting.hyperparams["constraints"]})
    plain = nearest.get_counterfactuals(factuals)
    both = answers.notna().all(axis=1) & plain.notna().all(axis=1)
    values = selecting.schema.encode(factuals[both])

    def expected(rows: pd.DataFrame) -> np.ndarray:
        encoded = selecting.schema.encode(rows[both])
        probabilities = selecting._selector.probabilities(encoded).sum(axis=1)
        return probabilities - selecting.schema.cost(values, encoded) / 6

    sure = mlmodel.predict_proba(plain[both])[:, 1] > 0.7
    assert (expected(answers)[sure] >= expected(plain)[sure] - 1e-9).all()
    assert (expected(answers) > expected(plain)).any()
    many = [pd.concat([frame] * 100, ignore_index=True) for frame in (factuals, answers)]
    pd.testing.assert_frame_equal(selecting.get_counterfactuals(many[0]), many[1])


@pytest.mark.parametrize("selection", ["nearest", pytest.param("expected", marks=pytest.mark.slow)])
def test_a_set_that_is_said_when_asking_holds_and_no_set_changes_nothing(
    mlmodel: Logistic, selection: str
) -> None:
    with quick_selector():
        method, people = NearestNeighbor(mlmodel, {"selection": selection}), denied(mlmodel, 30)
    given = {"job": {"immutable": True}, "income": {"direction": "increase"}, "debt": {"range": (0, 6)}}
    told = method.with_constraints(given)
    answers = told.get_counterfactuals(people)
    assert answers.notna().all(axis=1).any()
    assert violations(told.schema, people, answers).rows == 0
    assert violations(told.schema, people, method.get_counterfactuals(people)).rows > 0
    pd.testing.assert_frame_equal(
        method.with_constraints(None).get_counterfactuals(people), method.get_counterfactuals(people)
    )
    if selection == "nearest":  # which has nothing to learn
        same = NearestNeighbor(mlmodel, {"constraints": given}).get_counterfactuals(people)
        pd.testing.assert_frame_equal(same, answers)
