"""GenRe and the nearest rows with causes: answers are states, of actions that are paid for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from causal_cases import EQUATIONS, GIVEN, GRAPH, QUICK
from method_cases import Logistic

from carla_genre import GenRe
from carla_genre.causal import Causes
from carla_genre.methods.baselines.nearest import NearestNeighbor
from carla_genre.selection.expected_score import ScoredAnswers
from carla_genre.selection.revert import revert_changes

KINDS: dict[str, dict[str, Any]] = {
    "GenRe": QUICK,
    "GenRe, validity": {**QUICK, "selection": "validity"},
    "GenRe, cheapest": {**QUICK, "selection": "cheapest"},
    "NNR": {"selection": "nearest"},
    "NNR, expected": {"selection": "expected", "n_samples": 20},
}


def built(name: str, mlmodel: Logistic, causes: Causes | None, **more: Any) -> Any:
    kind = GenRe if name.startswith("GenRe") else NearestNeighbor
    return kind(mlmodel, {**KINDS[name], "verbose": False, "causes": causes, **more})


@pytest.fixture(scope="module", params=KINDS)
def method(request: pytest.FixtureRequest, mlmodel: Logistic, genre: GenRe) -> Any:
    if request.param == "GenRe":
        return genre
    if request.param.startswith("GenRe"):
        return genre.with_sampling(selection=request.param.split(", ")[1])
    return built(request.param, mlmodel, GIVEN)


def test_an_answer_is_what_its_actions_lead_to(
    method: Any, mlmodel: Logistic, factuals: pd.DataFrame, original: Any
) -> None:
    answers, actions = method.get_counterfactuals(factuals), method.get_actions(factuals)
    answered = answers.notna().all(axis=1)
    assert answered.mean() > 0.5
    pd.testing.assert_series_equal(answered, actions.notna().all(axis=1))
    answers, actions, own = answers[answered], actions[answered], factuals[answered]
    assert (mlmodel.predict_proba(answers)[:, 1] > 0.5).all()
    set_by_hand = actions != own[actions.columns]
    assert set_by_hand.to_numpy().any(axis=1).all()
    pd.testing.assert_frame_equal(answers.where(set_by_hand), actions.where(set_by_hand), check_dtype=False)
    before, done, after = original(own), original(actions), original(answers)
    for effect, equation in EQUATIONS.items():
        follows = ~set_by_hand[effect]
        moved = before[effect] + equation(after) - equation(before)
        np.testing.assert_allclose(after.loc[follows, effect], moved[follows], rtol=1e-7, atol=1e-7)
    assert (done["age"] == before["age"]).all() and (answers["age"] == own["age"]).all()


def test_single_equals_batched_and_the_same_seed_the_same_answer(method: Any, factuals: pd.DataFrame) -> None:
    together, again = method.get_counterfactuals(factuals), method.get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(together, again)
    alone = pd.concat([method.get_counterfactuals(factuals.iloc[[row]]) for row in range(6)])
    pd.testing.assert_frame_equal(alone, together.head(6), check_exact=True)


@pytest.mark.parametrize("name", [pytest.param("GenRe", marks=pytest.mark.slow), "NNR, expected"])
def test_a_graph_without_edges_is_no_causes(name: str, mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    plain, empty = (built(name, mlmodel, causes) for causes in (None, Causes({"savings": []})))
    expected = plain.get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(empty.get_counterfactuals(factuals), expected, check_exact=True)
    pd.testing.assert_frame_equal(empty.get_actions(factuals), expected, check_exact=True)
    pd.testing.assert_frame_equal(plain.get_actions(factuals), expected, check_exact=True)


def test_the_same_method_with_other_causes(genre: GenRe, mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    told, plain = (built("NNR", mlmodel, causes) for causes in (GIVEN, None))
    for ask in ("get_counterfactuals", "get_actions"):
        expected = getattr(told, ask)(factuals)
        pd.testing.assert_frame_equal(getattr(plain.with_causes(GIVEN), ask)(factuals), expected)
        expected = getattr(plain, ask)(factuals)
        pd.testing.assert_frame_equal(getattr(told.with_causes(None), ask)(factuals), expected)
    without, again = genre.with_causes(None), genre.with_causes(None).with_causes(GIVEN)
    assert without.selector.objective.consequences is None and genre.consequences is not None
    answers = genre.get_counterfactuals(factuals)
    pd.testing.assert_frame_equal(again.get_counterfactuals(factuals), answers, check_exact=True)
    assert not without.get_counterfactuals(factuals).equals(answers)


def test_a_reverted_action_lets_its_feature_follow_again(genre: GenRe, factuals: pd.DataFrame) -> None:
    values = genre.schema.encode(factuals)
    objective = genre.selector.objective
    candidates = genre.candidates(values)
    scores = genre.scores(genre.states(values[:, None], candidates))
    chosen = objective.top_k(values, candidates, scores, 1).best()
    shorter = revert_changes(objective, values, chosen)
    rows = np.isfinite(shorter.score)
    states = genre.states(values[rows], shorter.answers[rows])
    savings = genre.schema.names.index("savings")
    back = (chosen.answers[rows, savings] != values[rows, savings]) & (
        shorter.answers[rows, savings] == values[rows, savings]
    )
    assert back.any() and (states[back, savings] != values[rows][back, savings]).any()
    np.testing.assert_allclose(shorter.h[rows], genre.scores(states), rtol=1e-12)
    parts = objective.validity(states) + objective.inlier(states)
    cost = genre.schema.cost(values[rows], shorter.answers[rows])
    np.testing.assert_allclose(shorter.score[rows], parts - cost / values.shape[1], rtol=1e-9)
    assert isinstance(shorter, ScoredAnswers) and (shorter.score[rows] >= chosen.score[rows]).all()


def test_constraints_hold_on_the_state(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    constraints = {"savings": {"direction": "decrease"}, "debt": {"range": (-90.0, 0.0)}}
    method = built("NNR, expected", mlmodel, GIVEN, constraints=constraints)
    values, answers = method.schema.encode(factuals), method.get_counterfactuals(factuals).dropna()
    assert len(answers)
    own = method.schema.encode(factuals.loc[answers.index])
    assert method.schema.allowed(own, method.schema.encode(answers)).all() and len(values) >= len(answers)


def test_whoever_cannot_set_a_feature_does_not(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    method = built("NNR, expected", mlmodel, Causes(GRAPH, EQUATIONS, passive=["savings", "debt"]))
    actions, answers = method.get_actions(factuals).dropna(), method.get_counterfactuals(factuals).dropna()
    own = factuals.loc[actions.index]
    assert len(own) and (actions[["savings", "debt"]] == own[["savings", "debt"]]).all(axis=None)
    assert (answers["savings"] != own["savings"]).any()


@pytest.mark.slow
def test_a_risk_and_distillation_know_of_causes(mlmodel: Logistic, factuals: pd.DataFrame) -> None:
    careful = built("GenRe", mlmodel, Causes(GRAPH), risk=0.3, distil=True)
    answers = careful.get_counterfactuals(factuals).dropna()
    assert 0 < careful.selector.least_probability < 1 or len(answers) == len(factuals)
    assert (mlmodel.predict_proba(answers)[:, 1] > 0.5).all()
