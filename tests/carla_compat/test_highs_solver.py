"""ActionableRecourse: the programme that HiGHS solves, against trying every action; and what is given to it."""

from __future__ import annotations

import itertools
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import carla_genre  # noqa: F401 (before carla)
from carla_genre.carla_compat.highs_solver import HighsBuilder
from carla_genre.carla_compat.repairs import actionable_recourse

WEIGHTS = np.array([1.53, -2.07, 0.71, 1.13])
ACTIONS = [[0.0, 0.2, 0.5, 0.9], [0.0, -0.3, -0.6], [0.0, 1.0], [0.0, -1.0]]
COSTS = [[0.0, 0.3, 1.1, 2.5], [0.0, 0.6, 1.9], [0.0, 0.8], [0.0, 0.4]]
X = np.array([0.1, 0.8, 0.0, 1.0])


class Problem:
    """What `recourse`'s RecourseBuilder tells a solver: four features, the last two perhaps levels of one category."""

    n_variables, min_items, max_items, x = 4, 0, 4, X

    def __init__(
        self, intercept: float = -0.9, cost: str = "local", wanted: int = 1, limits: tuple = ()
    ) -> None:
        self.intercept, self.mip_cost_type = intercept, cost
        self.action_set = SimpleNamespace(y_desired=wanted, constraints=limits)
        self.build_mip()

    def score(self, x: np.ndarray = X) -> float:
        return float(WEIGHTS @ x) + self.intercept

    def _get_mip_build_info(self):
        features = {}
        for j, (actions, costs) in enumerate(zip(ACTIONS, COSTS, strict=True)):
            names = [f"u[{j}][{k}]" for k in range(len(actions))]
            null = names[actions.index(-X[j])] if -X[j] in actions else names[0]
            features[j] = {"idx": j, "coef": WEIGHTS[j], "actions": actions, "costs": costs}
            features[j] |= {"action_ind_names": names, "nullify_ind_name": [null]}
        ends = [costs[-1] for costs in COSTS]
        return features, {"cost_df": [min(np.diff(costs)) for costs in COSTS], "cost_ub": ends}

    @property
    def _empty_mip_solution_info(self):
        return {"feasible": False}


class Solver(HighsBuilder, Problem):
    def listed(self, remove: str = "remove_feature_combination") -> list[dict]:
        found = []
        while True:
            self.solve_mip()
            info = self.solution_info
            if not info["feasible"]:
                return found
            found.append(info)
            getattr(self, remove)()


def every_action(problem: Problem, one_level: bool = False) -> list[tuple[float, tuple, np.ndarray]]:
    """Cost, features that move and action, for each action that changes the mind, cheapest first."""
    found = []
    for picked in itertools.product(*[range(len(actions)) for actions in ACTIONS]):
        action = np.array([ACTIONS[j][k] for j, k in enumerate(picked)])
        costs = [COSTS[j][k] for j, k in enumerate(picked)]
        if not any(picked) or problem.score(X + action) * problem.action_set.y_desired < 0:
            continue
        if one_level and np.count_nonzero((X + action)[2:]) != 1:
            continue
        cost = max(costs) if problem.mip_cost_type == "max" else sum(costs)
        found.append((cost, tuple(np.flatnonzero(picked)), action))
    return sorted(found, key=lambda item: item[0])


@pytest.mark.parametrize("intercept", [-0.9, 0.3, 1.2])
@pytest.mark.parametrize("one_level", [False, True])
def test_all_combinations_of_features_come_cheapest_first(intercept, one_level):
    limits = (SimpleNamespace(indices=[2, 3], lb=1, ub=1),) if one_level else ()
    solver = Solver(intercept - 0.9, limits=limits)
    best = {}
    for cost, moved, _ in every_action(solver, one_level):
        best.setdefault(moved, cost)
    found = solver.listed()
    assert len(best) > 1
    assert [info["cost"] for info in found] == pytest.approx(sorted(best.values()))
    for info in found:
        moved = tuple(np.flatnonzero(info["actions"]))
        assert info["cost"] == pytest.approx(best.pop(moved))
        assert solver.score(X + info["actions"]) >= -1e-6
    assert best == {}


def test_largest_cost_is_the_least():
    solver = Solver(cost="max")
    assert solver.listed()[0]["cost"] == pytest.approx(every_action(solver)[0][0])


def test_a_mind_can_be_changed_either_way():
    solver = Solver(intercept=0.4, wanted=-1)
    assert solver.listed()[0]["cost"] == pytest.approx(every_action(solver)[0][0])
    assert solver.score(X + Solver(0.4, wanted=-1).listed()[0]["actions"]) <= 1e-6


def test_features_may_be_used_once():
    found = Solver().listed("remove_all_features")
    used = [set(np.flatnonzero(info["actions"])) for info in found]
    assert len(used) > 1 and all(not a & b for a, b in itertools.combinations(used, 2))


def test_nothing_is_found_where_nothing_is_enough():
    assert Solver(intercept=-50.0).listed() == []


# LIME's coefficients


def test_lime_coefficients_become_a_score_of_the_raw_columns():
    rows = pd.DataFrame(np.random.default_rng(0).normal([3, -1], [0.5, 4], (200, 2)), columns=["a", "b"])
    rows["constant"] = 2.0
    slopes, level = np.array([0.3, -0.2, 0.0]), 0.6

    class ActionableRecourse:
        _discretize_continuous = False
        _data = SimpleNamespace(df=rows)
        _mlmodel = SimpleNamespace(feature_input_order=["a", "b", "constant"])

        def _get_lime_coefficients(self, factuals):
            return np.tile(slopes, (len(factuals), 1)), np.full(len(factuals), level)

    module = ModuleType("x")
    module.ActionableRecourse = ActionableRecourse  # type: ignore[attr-defined]
    assert actionable_recourse.lime_coefficients_are_of_scaled_columns(module)
    some = rows.head(5)
    coefficients, intercepts = ActionableRecourse()._get_lime_coefficients(some)
    spread = rows.std(ddof=0).where(lambda s: s > 1e-12, 1.0)
    probability = level + ((some - rows.mean()) / spread).to_numpy() @ slopes
    assert (coefficients * some.to_numpy()).sum(axis=1) + intercepts == pytest.approx(probability - 0.5)
    ActionableRecourse._discretize_continuous = True
    assert ActionableRecourse()._get_lime_coefficients(some)[1] == pytest.approx([level] * 5)


# With the package itself, on real people


REAL = """
    import json
    import numpy as np, torch
    import carla_genre, recourse
    from carla import MLModelCatalog
    from carla.models.negative_instances import predict_negative_instances
    from carla.recourse_methods import ActionableRecourse
    data = carla_genre.load_dataset("adult")
    model = MLModelCatalog(data, "linear", backend="pytorch", load_online=False)
    torch.manual_seed(0)
    model.train(learning_rate=0.005, epochs=1, batch_size=512, force_train=True)
    weight, bias = [value.detach().numpy() for value in model.raw_model.parameters()]
    factuals = predict_negative_instances(model, data.df).sample(3, random_state=0)
    factuals.index = ["p", "q", "r"]
    method = ActionableRecourse(model, {}, coeffs=weight[1] - weight[0], intercepts=np.array([bias[1] - bias[0]]))
    found = method.get_counterfactuals(factuals)
    immutable = [c for c in found if c.startswith(("age", "sex"))]
    print(json.dumps({
        "solver": recourse.builder.DEFAULT_SOLVER,
        "index": list(found.index),
        "accepted": model.predict_proba(found.dropna()).argmax(axis=1).tolist(),
        "held": bool((found[immutable] == factuals[immutable]).all().all()),
    }))
"""


@pytest.mark.skipif(find_spec("recourse") is None, reason="needs the package recourse")
def test_real_people_get_recourse(run_python):
    told = run_python(REAL, warm=True)
    assert told == {"solver": "highs", "index": ["p", "q", "r"], "accepted": [1, 1, 1], "held": True}
