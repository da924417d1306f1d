"""NICE: what is taken over, in which order, and from whom."""

import numpy as np
import pandas as pd
import pytest
from method_cases import Logistic, answers_to, denied

from carla_genre import build_method, check_method
from carla_genre.evaluation.violations import violations
from carla_genre.methods.baselines.nice import NICE

REWARDS = ("sparsity", "proximity", "plausibility", "none")
QUICK = {"steps": 30, "hidden": 8, "latent": 3, "verbose": False}
SET = {"job": {"immutable": True}, "income": {"direction": "increase"}, "debt": {"range": (2, 9)}}


def answered(method: NICE, people: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """People with an answer, their answers, and the whole neighbours, encoded."""
    answers = method.get_counterfactuals(people)
    whole = build_method("NICE", method.classifier.mlmodel, {"reward": "none"}).get_counterfactuals(people)
    there = answers.notna().all(axis=1)
    return tuple(method.schema.encode(frame[there]) for frame in (people, answers, whole))


@pytest.mark.parametrize(
    "reward",
    [pytest.param(reward, marks=pytest.mark.slow if reward in REWARDS[1:] else ()) for reward in REWARDS],
)
def test_the_contract_holds(mlmodel: Logistic, reward: str) -> None:
    check_method("NICE", mlmodel, denied(mlmodel, 8), {**QUICK, "reward": reward}, holds_constraints=True)


@pytest.mark.parametrize("reward", REWARDS)
def test_each_feature_is_the_persons_or_the_nearest_rows(mlmodel: Logistic, reward: str) -> None:
    method = NICE(mlmodel, {**QUICK, "reward": reward})
    people, answers, neighbours = answered(method, denied(mlmodel, 30))
    assert len(people) and ((answers == people) | (answers == neighbours)).all()
    assert (method.scores(answers) > 0.5).all()
    rows = method.classifier.training_rows()
    targets = rows.values[(rows.scores > 0.5) & (rows.labels == 1)]
    for person, neighbour in zip(people, neighbours, strict=True):
        allowed = targets[method.schema.allowed(person, targets)]
        assert method.schema.cost(person, neighbour) == method.schema.cost(person, allowed).min()


def test_the_first_step_has_the_highest_reward(mlmodel: Logistic) -> None:
    people = denied(mlmodel, 20)
    for reward in ("sparsity", "proximity"):
        method = NICE(mlmodel, {"reward": reward})
        one_step = 0
        for person, answer, neighbour in zip(*answered(method, people), strict=True):
            if (changed := np.flatnonzero(answer != person)).size != 1:
                continue
            left = np.flatnonzero(neighbour != person)
            tried = np.where(np.eye(len(person), dtype=bool)[left], neighbour, person)
            gain = method.scores(tried) - method.scores(person[None])
            gain = gain / method.schema.cost(person, tried) if reward == "proximity" else gain
            assert gain[left == changed[0]][0] >= gain.max() - 1e-6
            one_step += 1
        assert one_step


def test_rewards_buy_what_they_are_named_for(mlmodel: Logistic) -> None:
    people, changed, cost = denied(mlmodel, 40), {}, {}
    for reward in ("sparsity", "proximity", "none"):
        method = NICE(mlmodel, {"reward": reward})
        before, after, _ = answered(method, people)
        changed[reward], cost[reward] = (before != after).sum(), method.schema.cost(before, after).sum()
    assert changed["sparsity"] <= changed["proximity"] < changed["none"]
    assert cost["proximity"] <= cost["sparsity"] < cost["none"]


def test_a_set_that_is_said_when_asking_holds(mlmodel: Logistic) -> None:
    method, people = NICE(mlmodel), denied(mlmodel, 30)
    told = method.with_constraints(SET)
    answers = told.get_counterfactuals(people)
    assert answers.notna().all(axis=1).any()
    assert violations(told.schema, people, answers).rows == 0
    assert violations(told.schema, people, method.get_counterfactuals(people)).rows > 0
    nothing = {name: {"immutable": True} for name in method.schema.names}
    assert method.with_constraints(nothing).get_counterfactuals(people).isna().all(axis=None)


def test_a_neighbour_that_h_accepts_among_others_alone_is_nobodys_answer(mlmodel: Logistic) -> None:
    class Shaky(Logistic):
        def predict_proba(self, x: object) -> np.ndarray:
            accepted = super().predict_proba(x)[:, 1]
            barely = 0.5 + (1e-9 if len(accepted) > 1000 else -1e-9)
            return np.column_stack([1 - accepted, np.where(accepted > 0.5, barely, accepted)])

    shaky = Shaky(mlmodel.data)
    assert NICE(shaky).get_counterfactuals(denied(mlmodel, 12)).isna().all(axis=None)


def test_neighbours_that_need_no_label_are_as_near_or_nearer(mlmodel: Logistic) -> None:
    people = denied(mlmodel, 40)
    schema = NICE(mlmodel).schema
    cost = []
    for justified in (True, False):
        method = NICE(mlmodel, {"reward": "none", "justified": justified})
        cost.append(schema.cost(schema.encode(people), answers_to(method, schema.encode(people))))
    there = ~np.isnan(cost[0])
    assert (cost[1][there] <= cost[0][there]).all() and (cost[1][there] < cost[0][there]).any()
