"""ROAR as it was released with PROBE's fork of CARLA, which the paper's baselines are run from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from benchmarks.studies.differences.column_search import ColumnSearch
from carla_genre.errors import MissingDependencyError
from carla_genre.methods.baselines.roar import worst_case_logit
from carla_genre.methods.core.base import RunOptions
from carla_genre.options import option

# Adam's step, and the change of a person's loss that ends the search.
STEP_SIZE, TOLERANCE = 1e-3, 1e-4


@dataclass(frozen=True)
class ReleasedROAROptions(RunOptions):
    """The models near h, and the search."""

    delta: float = option(0.01, "How far each coefficient and the intercept may move.", "[0, inf)")
    lambda_: float = option(0.001, "Weight of the cost.", "[0, inf)")
    plane: str = option("probability", "What LIME is fitted to.", ("probability", "logit"))
    steps: int = option(60000, "Most steps of the search.", "[1, inf)")


class ReleasedROAR(ColumnSearch):
    """ROAR with LIME's plane of the probability taken for a logit, a cost that hardly counts, and no bounds.

    Differs from :class:`carla_genre.methods.baselines.roar.ROAR` in the three, and in its search: Adam from the
    person until the loss stands still.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
    hyperparams : mapping, optional
        The options below.
    """

    OPTIONS = ReleasedROAROptions()

    def _search(self, people: Tensor) -> Tensor:
        coefficients, intercepts = self.planes(people.numpy())
        delta, lambda_ = self.hyperparams["delta"], self.hyperparams["lambda_"]
        rows = people.clone().requires_grad_()
        adam, before = torch.optim.Adam([rows], lr=STEP_SIZE), people.new_ones(len(people))
        moving = torch.ones_like(before, dtype=torch.bool)
        for _ in range(self.hyperparams["steps"]):
            adam.zero_grad()
            logits = worst_case_logit((rows * coefficients).sum(dim=1) + intercepts, rows, delta, "inf")
            loss = softplus(-logits) + lambda_ * (rows - people).abs().sum(dim=1)
            loss.sum().backward()
            start = rows.detach().clone()
            adam.step()
            with torch.no_grad():
                rows[~moving] = start[~moving]
                moving &= (loss - before).abs() > TOLERANCE
            before = loss.detach()
            if not moving.any():
                break
        return rows.detach()

    def planes(self, people: np.ndarray) -> tuple[Tensor, Tensor]:
        """LIME's coefficients (B, C) and intercepts (B,), of standardised columns; the search takes the raw ones."""
        try:
            from lime.lime_tabular import LimeTabularExplainer
        except ImportError as error:
            raise MissingDependencyError(
                "ReleasedROAR needs lime: pip install 'carla-genre[lime]'"
            ) from error
        train = self._mlmodel.data.df_train[list(self._mlmodel.feature_input_order)].to_numpy(dtype=float)
        explainer = LimeTabularExplainer(
            train,
            mode="regression",
            feature_selection="none",
            discretize_continuous=False,
            sample_around_instance=True,
        )
        coefficients, intercepts = np.zeros_like(people), np.zeros(len(people))
        for place, person in enumerate(people):
            explainer.random_state = np.random.RandomState(
                self.hyperparams["seed"]
            )  # who else asks: no matter
            plane = explainer.explain_instance(person, self._explained(), num_features=people.shape[1])
            intercepts[place] = plane.intercept[1]
            for column, coefficient in plane.local_exp[1]:
                coefficients[place, column] = coefficient
        return torch.from_numpy(coefficients), torch.from_numpy(intercepts)

    def _explained(self) -> Callable[[np.ndarray], np.ndarray]:
        """What LIME fits a plane to, (N, C) -> (N,)."""

        def explained(rows: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                logits = self._logit(torch.from_numpy(rows))
            chosen = logits if self.hyperparams["plane"] == "logit" else torch.sigmoid(logits)
            return chosen.numpy()

        return explained
