"""The mixed integer program of PROPLACE: a hull, a cost, and a bound of the logit by interval arithmetic."""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from carla_genre.methods.baselines.search.relu_layers import ReLULayers
from carla_genre.schema import Relaxation

# The logit that the bound has at least: above the solver's tolerance.
MARGIN = 1e-4
# Affine terms: variables (n,) and their coefficients (outputs, n).
_Parts = list[tuple[np.ndarray, np.ndarray]]


class _Program:
    """Variables and linear constraints, one after the other."""

    def __init__(self) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.whole: list[bool] = []
        self.rows: list[dict[int, float]] = []
        self.least: list[float] = []
        self.most: list[float] = []

    def variables(self, lower: np.ndarray, upper: np.ndarray, whole: bool = False) -> np.ndarray:
        """New variables between bounds (n,): their numbers (n,)."""
        start = len(self.lower)
        self.lower += lower.tolist()
        self.upper += upper.tolist()
        self.whole += [whole] * len(lower)
        return np.arange(start, len(self.lower))

    def require(self, terms: dict[int, float], least: float = -np.inf, most: float = np.inf) -> None:
        """The sum of coefficient * variable is between least and most."""
        self.rows.append(terms)
        self.least.append(least)
        self.most.append(most)

    def solve(self, objective: dict[int, float], nodes: int) -> np.ndarray | None:
        """The values of all variables at the least objective, or of the best point after so many nodes; else None."""
        entries = [
            (row, column, value) for row, terms in enumerate(self.rows) for column, value in terms.items()
        ]
        rows, columns, values = (np.array(part) for part in zip(*entries, strict=True))
        places = rows.astype(np.int32), columns.astype(np.int32)  # SciPy 1.11 takes no longer ones
        matrix = coo_array((values, places), shape=(len(self.rows), len(self.lower))).tocsr()
        costs = np.zeros(len(self.lower))
        costs[list(objective)] = list(objective.values())
        found = milp(
            costs,
            integrality=np.array(self.whole, dtype=int),
            bounds=Bounds(np.array(self.lower), np.array(self.upper)),
            constraints=LinearConstraint(matrix, np.array(self.least), np.array(self.most)),
            options={"node_limit": nodes},
        )
        solution: np.ndarray | None = found.x
        return solution


def cheapest_robust(
    layers: ReLULayers,
    relaxation: Relaxation,
    start: np.ndarray,
    vertices: np.ndarray,
    delta: float,
    nodes: int,
) -> np.ndarray | None:
    """The cheapest vector in the hull whose logit stays above 0 when each parameter moves by at most delta.

    Parameters
    ----------
    layers : ReLULayers
        Of C columns.
    relaxation : Relaxation
    start : ndarray (W,)
        The relaxed vector that the cost is from.
    vertices : ndarray (k, W)
        Of the hull.
    delta : float
    nodes : int
        Most nodes of the search.

    Returns
    -------
    ndarray (W,) or None
        None where none was found.
    """
    program = _Program()
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    is_level = relaxation.schema.categorical[relaxation.feature]
    vector = np.array(
        [program.variables(low[i : i + 1], high[i : i + 1], bool(is_level[i]))[0] for i in range(len(low))]
    )
    shares = program.variables(np.zeros(len(vertices)), np.ones(len(vertices)))
    program.require(dict.fromkeys(shares.tolist(), 1.0), 1.0, 1.0)
    for number, variable in enumerate(vector):
        hull = dict(zip(shares.tolist(), vertices[:, number].tolist(), strict=True))
        program.require({variable: -1.0, **hull}, 0.0, 0.0)
    price = _cost(program, vector, start, np.where(relaxation.one_hot, 0.5, 1.0))
    _bound_logit(program, layers, relaxation, vector, (low, high), delta)
    found = program.solve(price, nodes)
    return None if found is None else found[vector]


def _cost(program: _Program, vector: np.ndarray, start: np.ndarray, price: np.ndarray) -> dict[int, float]:
    """The objective: price (W,) times the distance of each variable from its start (W,)."""
    away = program.variables(np.zeros(len(vector)), np.full(len(vector), np.inf))
    for distance, variable, value in zip(away.tolist(), vector.tolist(), start.tolist(), strict=True):
        program.require({distance: 1.0, variable: -1.0}, least=-value)
        program.require({distance: 1.0, variable: 1.0}, least=value)
    return dict(zip(away.tolist(), price.tolist(), strict=True))


def _bound_logit(
    program: _Program,
    layers: ReLULayers,
    relaxation: Relaxation,
    vector: np.ndarray,
    box: tuple[np.ndarray, np.ndarray],
    delta: float,
) -> None:
    """Require ``layers.least_logits`` of the vector, which is inside the box, to be at least the margin."""
    matrix, offset = relaxation.columns()
    ends = [np.maximum(matrix * box[0][:, None], matrix * box[1][:, None]).sum(0) + offset]
    ends.insert(0, np.minimum(matrix * box[0][:, None], matrix * box[1][:, None]).sum(0) + offset)
    sizes = program.variables(np.zeros(len(offset)), np.maximum(np.abs(ends[0]), np.abs(ends[1])))
    for column, size in enumerate(sizes.tolist()):  # at least the column's absolute value
        terms = dict(zip(vector.tolist(), matrix[:, column].tolist(), strict=True))
        for sign in (-1.0, 1.0):
            program.require(
                {size: 1.0, **{name: sign * value for name, value in terms.items() if value}},
                least=-sign * float(offset[column]),
            )
    nodes: dict[str, np.ndarray] = {}
    for number, (weights, biases) in enumerate(layers.layers):
        affine: dict[str, tuple[_Parts, np.ndarray]] = {}
        for end, sign in (("low", -1.0), ("high", 1.0)):
            if number == 0:
                parts = [(vector, weights @ matrix.T), (sizes, np.full(weights.shape, sign * delta))]
                constant = weights @ offset + biases + sign * delta
            else:
                moved, other = weights + sign * delta, "high" if end == "low" else "low"
                parts = [(nodes[end], np.maximum(moved, 0)), (nodes[other], np.minimum(moved, 0))]
                constant = biases + sign * delta
            affine[end] = parts, constant
        if number == len(layers.layers) - 1:
            parts, constant = affine["low"]
            program.require(_terms(parts, 0), least=MARGIN - float(constant[0]))
        else:
            nodes = {end: _relu(program, *part) for end, part in affine.items()}


def _terms(parts: _Parts, row: int) -> dict[int, float]:
    return {
        int(name): float(c)
        for names, matrix in parts
        for name, c in zip(names, matrix[row], strict=True)
        if c
    }


def _relu(program: _Program, parts: _Parts, constant: np.ndarray) -> np.ndarray:
    """Variables that are the positive parts of affine terms, with a 0 or 1 each where it can be of either sign."""
    low, high = constant.copy(), constant.copy()
    for names, matrix in parts:
        ends = np.array(program.lower)[names] * matrix, np.array(program.upper)[names] * matrix
        low += np.minimum(*ends).sum(axis=1)
        high += np.maximum(*ends).sum(axis=1)
    found = program.variables(np.maximum(low, 0), np.maximum(high, 0))
    for row, node in enumerate(found.tolist()):
        terms, value = _terms(parts, row), float(constant[row])
        less = {name: -coefficient for name, coefficient in terms.items()}
        if high[row] <= 0:
            continue  # its bounds say 0
        if low[row] >= 0:
            program.require({node: 1.0, **less}, value, value)
            continue
        positive = int(program.variables(np.zeros(1), np.ones(1), whole=True)[0])
        program.require({node: 1.0, **less}, least=value)
        program.require({node: 1.0, positive: -float(high[row])}, most=0.0)
        program.require({node: 1.0, **less, positive: -float(low[row])}, most=value - float(low[row]))
    return found
