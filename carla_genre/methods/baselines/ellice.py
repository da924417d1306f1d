"""ElliCE: the nearest training row that every nearly optimal last layer accepts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carla_genre.methods.baselines.nearest_rows import cheapest_allowed
from carla_genre.methods.baselines.rnce import RobustMethod
from carla_genre.methods.core.base import MethodOptions
from carla_genre.options import option


@dataclass(frozen=True)
class ElliCEOptions(MethodOptions):
    epsilon: float = option(0.01, "How far above the least a classifier's mean loss may be.", "[0, inf)")
    ridge: float = option(1e-4, "Added to the diagonal of the Hessian.", "(0, inf)")


class ElliCE(RobustMethod):
    """Recourse that is valid for the Rashomon set: all last layers of h whose loss is nearly as low.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        A torch network of linear layers with ReLU between them, or scikit-learn's logistic regression. It is no black
        box here.
    hyperparams : mapping, optional
        The options below.

    Attributes
    ----------
    hessian : ndarray (M, M)
        Of the mean cross entropy of the training rows, in the M parameters of the last layer, with the ridge.

    Raises
    ------
    InputError
        h is another classifier, or no training row is robust.

    Notes
    -----
    Turbal, Voitsitska and Semenova, "ElliCE: efficient and provably robust algorithmic recourse via the Rashomon sets"
    (NeurIPS 2025, arXiv 2602.07674), written anew. To second order, the last layers whose mean loss is at most
    epsilon above that of h are an ellipsoid around its own, theta, and the least logit that one of them gives is

        theta . z - sqrt(2 epsilon z' H^-1 z)

    with z what the last layer reads, and a 1 for the bias, and H the Hessian. The answer is the training row nearest
    to the factual where this is above 0: the paper's variant that is supported by data. Its other variant, which goes
    along the gradient, is not here.

    Ours: nearest is by the cost of this package, among the rows that the person's constraints allow. A person with no
    such row has no answer. theta is taken as it is: where h is not trained to the end, the ellipsoid is around h.
    """

    OPTIONS = ElliCEOptions()
    LIKENESS = "epsilon"

    def _learn(self) -> None:
        rows = self.training_rows
        nodes = self.layers.last_nodes(self._columns(rows.values))
        weights = rows.scores * (1 - rows.scores)
        ridge = self.hyperparams["ridge"] * np.eye(nodes.shape[1])
        self.hessian = nodes.T @ (nodes * weights[:, None]) / len(nodes) + ridge

    def least_logits(self, columns: np.ndarray) -> np.ndarray:
        """The least logit over the ellipsoid."""
        nodes = self.layers.last_nodes(columns)
        spread = (nodes * np.linalg.solve(self.hessian, nodes.T).T).sum(axis=1)
        lowest: np.ndarray = self.layers.logits(columns) - np.sqrt(2 * self.hyperparams["epsilon"] * spread)
        return lowest

    def _answer(self, values: np.ndarray) -> np.ndarray:
        return cheapest_allowed(self.schema, values, self._robust)
