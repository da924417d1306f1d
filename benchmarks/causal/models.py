"""Structural causal models whose truth is known: what follows from what, with which noise, and who is accepted.

The equations are those of Karimi, von Kügelgen, Schölkopf and Valera, "Algorithmic recourse under imperfect causal
knowledge", NeurIPS 2020, appendix D. CARLA's release has the linear one alone, ``CausalModel("sanity-3-lin")``, which
is taken from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx
import numpy as np
import pandas as pd
from scipy.special import expit, logit

from carla_genre.causal import Causes, Equation

from carla.data.causal_model import CausalModel

Noise = dict[str, np.ndarray]
Draw = Callable[[np.random.Generator, int], Noise]


@dataclass(frozen=True)
class Truth:
    """A structural causal model of features x1, x2, ...

    Attributes
    ----------
    title : str
    causes : Causes
        The graph and the equations.
    draw : callable
        A random generator and n -> the noise of each feature, (n,).
    odds : callable
        Rows -> what P(y = 1) is the logistic function of; None for the sum of the features, scaled.
    immutables, categorical : tuple of str
    passive : tuple of str
        Effects that nobody can set, in the second part of the benchmark.
    """

    title: str
    causes: Causes
    draw: Draw
    odds: Callable[[pd.DataFrame], Any] | None = None
    immutables: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    passive: tuple[str, ...] = ("x2",)

    @property
    def order(self) -> list[str]:
        """The features, causes before effects."""
        graph = networkx.DiGraph((one, name) for name, given in self.causes.graph.items() for one in given)
        return list(networkx.lexicographical_topological_sort(graph))

    def value(self, name: str, rows: pd.DataFrame, noise: np.ndarray) -> np.ndarray:
        """A feature (n,) of rows that have its causes, and of noise (n,)."""
        equation = (self.causes.equations or {}).get(name)
        if equation is None:
            return noise
        causes = rows[list(self.causes.graph[name])]
        if isinstance(equation, Equation):
            return np.asarray(equation.value(causes, noise), dtype=float)
        noisy: np.ndarray = np.asarray(equation(causes), dtype=float) + noise
        return noisy

    def sample(self, n: int, seed: int) -> tuple[pd.DataFrame, Noise]:
        """Rows (n, D + 1) with the label y, and their noise."""
        random = np.random.default_rng(seed)
        noise, rows = self.draw(random, n), pd.DataFrame(index=range(n))
        for name in self.order:
            rows[name] = self.value(name, rows, noise[name])
        rows = rows[sorted(rows)]
        total = rows.sum(axis=1)
        odds = 2.5 * total / total.abs().mean() if self.odds is None else self.odds(rows)
        rows["y"] = (random.random(n) < expit(odds)).astype(int)
        return rows.astype(dict.fromkeys(self.categorical, int)), noise

    def carried_out(
        self, own: pd.DataFrame, noise: Noise, actions: pd.DataFrame, acted: pd.DataFrame
    ) -> pd.DataFrame:
        """Where people (n, D) end who set what ``acted`` says to the numbers of ``actions``, by their own noise."""
        states = own.astype(float)
        for name in self.order:
            causes = list(self.causes.graph.get(name, ()))
            moved = (states[causes] != own[causes]).any(axis=1).to_numpy()
            follows = np.where(moved, self.value(name, states, noise[name]), own[name])
            states[name] = np.where(acted[name], actions[name], follows)
        return states

    def scale_of_noise(self, rows: pd.DataFrame, noise: Noise, seed: int) -> pd.Series:
        """Standard deviation of each feature for given causes, (D,): what other noise makes of the same rows."""
        other = self.draw(np.random.default_rng([seed, 1]), len(rows))
        return pd.Series(
            {
                name: float((self.value(name, rows, other[name]) - self.value(name, rows, noise[name])).std())
                / 2**0.5
                for name in self.order
            }
        )


class CarlaModel:
    """A :class:`Truth` as CARLA's CausalRecourse asks for it; the noise comes first, then the causes by their names."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._parents = {name: sorted(truth.causes.graph.get(name, ())) for name in truth.order}
        self.structural_equations_np = {name: self._function(name) for name in sorted(truth.order)}
        self._graph = networkx.DiGraph((one, name) for name, given in self._parents.items() for one in given)

    def _function(self, name: str) -> Callable[..., Any]:
        def equation(noise: Any, *causes: Any) -> Any:
            rows = pd.DataFrame(dict(zip(self._parents[name], map(np.atleast_1d, causes), strict=True)))
            found = self._truth.value(name, rows, np.asarray(noise, dtype=float))
            return found if len(found) > 1 else found[0]

        return equation

    def get_parents(self, node: str) -> list[str]:
        return self._parents[node]

    def get_topological_ordering(self) -> list[str]:
        return self._truth.order

    def get_non_descendents(self, node: str) -> set[str]:
        descendants: set[str] = networkx.descendants(self._graph, node)
        return set(self._graph) - descendants - {node}


def _mixture(
    random: np.random.Generator, n: int, means: tuple[float, float], variances: tuple[float, float]
) -> Any:
    which = random.integers(0, 2, n)
    return random.normal(np.array(means)[which], np.sqrt(variances)[which])


def _three(means: tuple[float, float], variances: tuple[float, float], x2: float, x3: float) -> Draw:
    """Noise of three features; ``x2`` and ``x3`` are standard deviations."""

    def draw(random: np.random.Generator, n: int) -> Noise:
        return {
            "x1": _mixture(random, n, means, variances),
            "x2": random.normal(0, x2, n),
            "x3": random.normal(0, x3, n),
        }

    return draw


def _loan(random: np.random.Generator, n: int) -> Noise:
    noise = {"x1": random.integers(0, 2, n).astype(float), "x2": random.gamma(10, 3.5, n) - 35}
    deviations = {"x3": 0.5, "x4": 2.0, "x5": 3.0, "x6": 2.0, "x7": 5.0}
    return noise | {name: random.normal(0, one, n) for name, one in deviations.items()}


def _education(causes: Any) -> Any:
    return -1 + 0.5 * causes["x1"] + expit(0.1 * causes["x2"])


def _squares(causes: Any) -> Any:
    return 0.1 * (causes["x1"] ** 2 + causes["x2"] ** 2)


_TRIANGLE = {"x2": ["x1"], "x3": ["x1", "x2"]}
TRUTHS: Mapping[str, Truth] = {
    "linear": Truth(
        "linear", Causes.from_carla(CausalModel("sanity-3-lin")), _three((-2, 1), (1.5, 1), 1.0, 1.0)
    ),
    "additive": Truth(
        "non-linear, noise added",
        Causes(
            _TRIANGLE,
            {
                "x2": lambda causes: 3 * expit(2 * causes["x1"]) - 1,
                "x3": lambda causes: -0.05 * causes["x1"] + 0.25 * causes["x2"] ** 2,
            },
        ),
        _three((-2, 1), (1.5, 1), 0.1**0.5, 1.0),
    ),
    "not additive": Truth(
        "noise not added",
        Causes(
            _TRIANGLE,
            {
                # x2 = sgn(u) x1^2 (1 + u^2) / 4
                "x2": Equation(
                    lambda causes, u: 0.25 * np.sign(u) * causes["x1"] ** 2 * (1 + u**2),
                    lambda causes, x: (
                        np.sign(x) * np.sqrt((4 * np.abs(x) / causes["x1"].to_numpy() ** 2 - 1).clip(0))
                    ),
                ),
                # x3 = sgn(u) (x1^2 + x2^2) / 10 + u - 1
                "x3": Equation(
                    lambda causes, u: np.sign(u) * _squares(causes) + u - 1,
                    lambda causes, x: x + 1 - np.sign(x + 1) * _squares(causes),
                ),
            },
        ),
        _three((-2.5, 2.5), (1, 1), 0.5, 0.25),
    ),
    "loan": Truth(
        "loan",
        Causes(
            {
                "x3": ["x1", "x2"],
                "x4": ["x1", "x2"],
                "x5": ["x1", "x2", "x4"],
                "x6": ["x1", "x2", "x3"],
                "x7": ["x6"],
            },
            {
                "x3": Equation(
                    lambda causes, u: expit(_education(causes) + u) - 0.5,
                    lambda causes, x: logit(x + 0.5) - _education(causes),
                ),
                "x4": lambda causes: 1 - 0.01 * (causes["x2"] - 5) ** 2 + causes["x1"],
                "x5": lambda causes: -1 + 0.1 * causes["x2"] + 2 * causes["x1"] + causes["x4"],
                "x6": lambda causes: -4 + 0.1 * (causes["x2"] + 35) + (2 + causes["x3"]) * causes["x1"],
                "x7": lambda causes: -4 + 1.5 * causes["x6"].clip(lower=0),
            },
        ),
        _loan,
        lambda rows: 0.3 * (-rows["x4"] - rows["x5"] + rows["x6"] + rows["x7"] + rows["x6"] * rows["x7"]),
        immutables=("x1", "x2"),
        categorical=("x1",),
        passive=("x6", "x7"),
    ),
}
