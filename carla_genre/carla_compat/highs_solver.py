"""A solver of ActionableRecourse's mixed-integer programme that comes with SciPy.

The package `recourse` knows CPLEX, whose free edition stops at 1,000 variables (HELOC has more), and an old python-mip,
which crashes today's processes. SciPy carries HiGHS, which has no such limit.

The programme (Ustun, Spangher and Liu 2019, section 3): for each actionable feature j one action a_jk of its grid is
picked by an indicator u_jk, at the least cost, such that the linear classifier with weights w changes its mind:

    min  sum_jk c_jk u_jk    s.t.  sum_k u_jk = 1 for each j,   sum_jk w_j a_jk u_jk >= -score(x),   u_jk in {0, 1}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp


@dataclass
class Programme:
    """min cost @ u over u in [lower, 1], integer where `integral` is 1, under constraints and HiGHS's limits."""

    cost: np.ndarray
    integral: np.ndarray
    lower: np.ndarray
    constraints: list[LinearConstraint] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)

    def add(self, row: np.ndarray, low: float = -np.inf, high: float = np.inf) -> None:
        """One more constraint: low <= row @ u <= high."""
        self.constraints.append(LinearConstraint(row, low, high))

    def solve(self) -> np.ndarray | None:
        """The cheapest u, None where there is none (or none was found within the limits)."""
        limits = {name: limit for name, limit in self.limits.items() if np.isfinite(limit)}
        bounds = Bounds(self.lower, np.where(self.integral == 1, 1.0, np.inf))
        found: np.ndarray | None = milp(
            self.cost,
            integrality=self.integral,
            bounds=bounds,
            constraints=self.constraints,
            options=limits,
        ).x
        return found


class HighsBuilder:
    """What a solver is to `recourse`'s ``RecourseBuilder``; mixed into it by the repair that registers it.

    The programme's columns are the indicators u_jk, feature by feature; for the cost "max", one more for the largest.
    """

    _default_print_flag = False

    def build_mip(self: Any) -> None:
        features, indices = self._get_mip_build_info()
        self._features = list(features.values())
        self._mip_indices = indices
        widths = [len(feature["actions"]) for feature in self._features]
        self._starts = np.concatenate([[0], np.cumsum(widths)]).astype(int)
        count = int(self._starts[-1])
        # Without an actionable feature there is nothing to solve: populate and fit then find nothing.
        self._apriori_infeasible = not self._features
        extra = int(self.mip_cost_type == "max")
        programme = Programme(
            cost=np.zeros(count + extra),
            integral=np.concatenate([np.ones(count), np.zeros(extra)]),
            lower=np.zeros(count + extra),
        )
        self._mip = programme
        if not self._features:
            return
        self._constrain_actions(programme)
        self._constrain_subsets(programme)
        self._set_costs(programme)

    def _row(self: Any, columns: Any, values: Any) -> np.ndarray:
        row = np.zeros(len(self._mip.cost))
        row[columns] = values
        return row

    def _constrain_actions(self: Any, programme: Programme) -> None:
        """One action a feature, a changed mind, and between `min_items` and `max_items` features that move."""
        for start, stop in pairwise(self._starts):
            programme.add(self._row(slice(start, stop), 1.0), 1.0, 1.0)
        gains = np.concatenate([feature["coef"] * np.array(feature["actions"]) for feature in self._features])
        gain = self._row(slice(0, len(gains)), gains)
        if self.action_set.y_desired > 0:
            programme.add(gain, low=-self.score())
        else:
            programme.add(gain, high=-self.score())
        count = len(self._features)
        stay = self._row(self._starts[:-1], 1.0)  # the first action of a feature is to stay as it is
        self._items = len(programme.constraints)
        programme.add(stay, count - self.max_items, count - max(self.min_items, 1))

    def _constrain_subsets(self: Any, programme: Programme) -> None:
        """`lb` to `ub` of some features are not 0 afterwards: one level a category, for instance."""
        column = {feature["idx"]: self._null_column(place) for place, feature in enumerate(self._features)}
        for limit in self.action_set.constraints:
            fixed = sum(self.x[j] != 0 for j in limit.indices if j not in column)
            free = [column[j] for j in limit.indices if j in column]
            size = fixed + len(free)
            programme.add(self._row(free, 1.0), size - limit.ub, size - limit.lb)

    def _null_column(self: Any, place: int) -> int:
        """The column of the action after which a feature is 0 (that of staying, where no action does that)."""
        feature = self._features[place]
        action: int = feature["action_ind_names"].index(feature["nullify_ind_name"][0])
        return int(self._starts[place]) + action

    def _set_costs(self: Any, programme: Programme) -> None:
        costs = np.concatenate([feature["costs"] for feature in self._features])
        if self.mip_cost_type != "max":
            programme.cost[: len(costs)] = costs
            return
        least, most = np.min(self._mip_indices["cost_df"]), np.sum(self._mip_indices["cost_ub"])
        programme.cost[: len(costs)] = (
            costs * least / most
        )  # among equals of the largest cost, the cheaper one
        programme.cost[-1] = 1.0
        for place, (start, stop) in enumerate(pairwise(self._starts)):
            row = self._row(slice(start, stop), -np.array(self._features[place]["costs"]))
            row[-1] = 1.0
            programme.add(row, low=0.0)

    def _set_mip_time_limit(self: Any, mip: Programme, limit: float) -> None:
        mip.limits["time_limit"] = limit

    def _set_mip_node_limit(self: Any, mip: Programme, limit: float) -> None:
        mip.limits["node_limit"] = int(limit) if np.isfinite(limit) else limit

    def _set_mip_display(self: Any, mip: Programme, flag: bool) -> None:
        """HiGHS is silent here."""

    def set_mip_parameters(self: Any, param: Any = None) -> None:
        """CPLEX's parameters mean nothing to HiGHS."""

    def set_mip_min_items(self: Any, n_items: float) -> None:
        self._mip.constraints[self._items].ub = n_items

    def set_mip_max_items(self: Any, n_items: float) -> None:
        self._mip.constraints[self._items].lb = n_items

    def solve_mip(self: Any) -> None:
        self._solution = self._mip.solve() if self._features else None

    @property
    def solution_info(self: Any) -> dict[str, Any]:
        info: dict[str, Any] = self._empty_mip_solution_info
        if self._solution is None:
            return info
        actions, costs = np.zeros(self.n_variables), np.zeros(self.n_variables)
        for place, picked in enumerate(self._picked()):
            feature = self._features[place]
            actions[feature["idx"]] = feature["actions"][picked]
            costs[feature["idx"]] = feature["costs"][picked]
        total = float(self._mip.cost @ self._solution)
        info |= {"feasible": True, "status": "optimal", "actions": actions, "costs": costs}
        info |= {"upperbound": total, "lowerbound": total, "gap": 0.0}
        info["cost"] = float(costs.max() if self.mip_cost_type == "max" else costs.sum())
        return info

    def _picked(self: Any) -> list[int]:
        """Number of the action that was picked, for each feature; 0 is to stay."""
        return [int(np.argmax(self._solution[start:stop])) for start, stop in pairwise(self._starts)]

    def remove_all_features(self: Any) -> None:
        """From now on no action may move a feature that the last one moved."""
        for start, picked in zip(self._starts, self._picked(), strict=False):
            if picked:
                self._mip.lower[start] = 1.0

    def remove_feature_combination(self: Any) -> None:
        """From now on no action may move just the features that the last one moved."""
        moved = np.array(self._picked()) > 0
        row = self._row(self._starts[:-1], np.where(moved, -1.0, 1.0))
        self._mip.add(row, high=float((~moved).sum() - 1))
