"""PROPLACE: the cheapest point between robust training rows that every network near h accepts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carla_genre.methods.baselines.nearest_rows import cheapest_allowed
from carla_genre.methods.baselines.rnce import RobustOptions, ShiftRobustMethod
from carla_genre.methods.baselines.search.robust_program import cheapest_robust
from carla_genre.options import option
from carla_genre.schema import Relaxation

# Of an answer's scaled numbers: what a solver adds beyond them is its tolerance.
DECIMALS = 6


@dataclass(frozen=True)
class PROPLACEOptions(RobustOptions):
    n_neighbours: int = option(10, "Robust training rows whose convex hull an answer is in.", "[1, inf)")
    nodes: int = option(2000, "Most nodes of the solver's search for a person.", "[1, inf)")


class PROPLACE(ShiftRobustMethod):
    """Provably robust and plausible recourse: the cheapest robust point in the hull of the nearest robust rows.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        A torch network of linear layers with ReLU between them, or scikit-learn's logistic regression. It is no black
        box here.
    hyperparams : mapping, optional
        The options below.

    Raises
    ------
    InputError
        h is another classifier, or no training row is robust.

    Notes
    -----
    Jiang, Lan, Leofante, Rago and Toni, "Provably robust and plausible counterfactual explanations for neural networks
    via robust optimisation" (ACML 2023, arXiv 2309.12545), from its text:

        argmin over x' in the plausible region of  |x' - x|_1  such that all networks within delta of h accept x'

    The plausible region is the convex hull of the robust training rows nearest to x; delta bounds the shift of each
    weight and bias, as for :class:`carla_genre.methods.baselines.rnce.RNCE`.

    Ours: the paper goes to and fro between a master program, for some networks, and a search for the network that
    refuses its solution. Here the bound by interval arithmetic is part of one mixed integer program, which SciPy's
    HiGHS solves: its solution is robust against all networks at once, and the cheapest that this bound shows to be
    so. The cost is this package's, categories are whole levels, the neighbours are rows that the person's constraints
    allow, and so the hull holds them too. When the search ends at its most nodes, the best point so far is taken, or
    the nearest robust row. A person with no allowed row has no answer.
    """

    OPTIONS = PROPLACEOptions()

    def _prepare(self) -> None:
        super()._prepare()
        self._relaxation = Relaxation(self.schema)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        k = self.hyperparams["n_neighbours"]
        hulls = cheapest_allowed(self.schema, values, self._robust, k).reshape(len(values), k, -1)
        return np.stack([self._one(person, hull) for person, hull in zip(values, hulls, strict=True)])

    def _one(self, person: np.ndarray, hull: np.ndarray) -> np.ndarray:
        """The answer to a person (D,) among rows (k, D), the cheapest first; NaN where the first is."""
        nearest: np.ndarray = hull[0]
        hull = hull[~np.isnan(hull[:, 0])]
        if len(hull) < 2:
            return nearest
        vertices = self._relaxation.encode(hull)
        vector = cheapest_robust(
            self.layers,
            self._relaxation,
            self._relaxation.encode(person),
            vertices,
            self.hyperparams["delta"],
            self.hyperparams["nodes"],
        )
        if vector is None:
            return nearest
        answer = person + np.round(self._relaxation.decode(vector) - person, DECIMALS)
        answer = self.schema.constrain(person, answer)
        better = self.schema.cost(person, answer) <= self.schema.cost(person, nearest)
        return answer if better and self.is_robust(answer[None])[0] else nearest
