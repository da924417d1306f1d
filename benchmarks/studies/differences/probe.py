"""PROBE as it was released, in its fork of CARLA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, relu

from benchmarks.studies.differences.column_search import ColumnSearch
from carla_genre.methods.baselines.probe import PROBEOptions, invalidation_rate
from carla_genre.methods.core.base import RunOptions
from carla_genre.options import option, option_of

# Adam's step; what the weight of the cost loses a round; the probability that the cross entropy is drawn to.
STEP_SIZE, WEIGHT_STEP, WANTED = 1e-3, 0.1, 0.55
# Weight of the rate in the loss; how far above the target a measured rate may be; noisy versions to measure it on.
RATE_WEIGHT, RATE_TOLERANCE, NOISY = 3.0, 0.01, 10_000


@dataclass(frozen=True)
class ReleasedPROBEOptions(RunOptions):
    """The noise, and the search."""

    invalidation_target: float = option_of(PROBEOptions, "invalidation_target")
    noise_variance: float = option_of(PROBEOptions, "noise_variance")
    lambda_: float = option(0.01, "Weight of the cost in the first round.", "[0, inf)")
    least_weight: float | None = option(None, "The weight falls no lower; without it, it falls without end.")
    rounds: int = option(40, "Most rounds.", "[1, inf)")
    steps: int = option(200, "Steps of a round.", "[1, inf)")


class ReleasedPROBE(ColumnSearch):
    """PROBE with a weight of the cost that falls without end, and without bounds: its clamp acts on a copy.

    A round is ``steps`` steps of AMSGrad; whom it leaves above the target has another one, with .1 less weight on the
    cost. Below 0 distance is paid for. The release stops after half a minute a person, here after ``rounds``.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
    hyperparams : mapping, optional
        The options below.
    """

    OPTIONS = ReleasedPROBEOptions()

    def weights(self) -> Iterator[float]:
        """Of the cost, a round each."""
        least = self.hyperparams["least_weight"]
        for number in range(self.hyperparams["rounds"]):
            weight = self.hyperparams["lambda_"] - WEIGHT_STEP * number
            yield weight if least is None else max(weight, least)

    def _search(self, people: Tensor) -> Tensor:
        rows = people.clone().requires_grad_()
        adam = torch.optim.Adam([rows], lr=STEP_SIZE, amsgrad=True)
        generator = torch.Generator().manual_seed(self.hyperparams["seed"])
        moving = torch.ones(len(people), dtype=torch.bool)
        for weight in self.weights():
            for _ in range(self.hyperparams["steps"]):
                adam.zero_grad()
                self._loss(rows, people, weight).sum().backward()
                start = rows.detach().clone()
                adam.step()
                with torch.no_grad():
                    rows[~moving] = start[~moving]
            noise = torch.randn(NOISY, people.shape[1], generator=generator, dtype=people.dtype)
            moving &= ~self._reached(rows.detach(), noise * self.hyperparams["noise_variance"] ** 0.5)
            if not moving.any():
                break
        return rows.detach()

    def _loss(self, rows: Tensor, people: Tensor, weight: float) -> Tensor:
        """(B,)."""
        logits, gradients = self._logit.with_gradient(rows)
        rates = invalidation_rate(logits, gradients, self.hyperparams["noise_variance"])
        loss = binary_cross_entropy_with_logits(logits, torch.full_like(logits, WANTED), reduction="none")
        above = relu(rates - self.hyperparams["invalidation_target"])
        return RATE_WEIGHT * above + loss + weight * (rows - people).abs().sum(dim=1)

    @torch.no_grad()
    def _reached(self, rows: Tensor, noise: Tensor) -> Tensor:
        """Whether h accepts each row and nearly all of its noisy versions, bool (B,)."""
        refused = torch.stack([(self._logit(row + noise) <= 0).double().mean() for row in rows])
        reached: Tensor = (self._logit(rows) > 0) & (
            refused < self.hyperparams["invalidation_target"] + RATE_TOLERANCE
        )
        return reached
