"""PROBE: recourse that mostly stays valid when it is carried out with noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from carla_genre.methods.baselines.search.local_linear import LocalLinearFit
from carla_genre.methods.baselines.search.logit import logit_of
from carla_genre.methods.baselines.search.relaxed_space import BestAnswers, RelaxedSpace
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.options import option
from carla_genre.schema import Relaxation

# Training rows on which the two ways to the logit are compared.
PROBES = 256
# A slope below this is none: h does not change with the noise.
LEAST_SLOPE = 1e-12


def invalidation_rate(logits: Tensor, gradients: Tensor, noise_variance: float) -> Tensor:
    """The share of noisy answers that h refuses, to first order: Phi(-f / (sigma |grad f|)).

    With noise N(0, sigma^2 I) on the columns the linear part of the logit f is normal with mean f and standard
    deviation sigma |grad f| (Pawelczyk et al. 2023, theorem 1); exact where f is linear. Logits (B,), their gradients
    (B, C) and sigma^2 -> (B,).
    """
    # The mask comes first: the length's derivative at 0 is not a number.
    flat = gradients.square().sum(dim=1) < LEAST_SLOPE**2
    length = torch.where(flat[:, None], LEAST_SLOPE, gradients).norm(dim=1)
    rate: Tensor = torch.special.ndtr(-logits / (noise_variance**0.5 * length))
    return rate


@dataclass(frozen=True)
class PROBEOptions(MethodOptions):
    invalidation_target: float = option(0.05, "Share of noisy answers that h may refuse.", "(0, 0.5]")
    noise_variance: float = option(0.01, "Variance of the normal noise on each scaled column.", "(0, inf)")
    loss_type: str = option("BCE", '"BCE" is the cross entropy, "MSE" is (1 - h)^2.', ("BCE", "MSE"))
    lambda_: float = option(0.01, "Weight of the cost in the first round.", "[0, inf)", aliases=("lambda",))
    rounds: int = option(
        2, "Rounds in which the weight falls evenly to 0, for rows that have not met the target.", "[1, inf)"
    )
    steps: int = option(500, "Steps of a round.", "[1, inf)", aliases=("n_iter",))
    step_size: float = option(0.01, "Length of a step.", "(0, inf)")
    neighbors: int = option(200, "Neighbours that the slope of a black box is fitted to.", "[2, inf)")
    unreached: str = option(
        "best",
        'For a factual that never meets the target: "best" gives the accepted answer of the lowest rate, "drop" a '
        "row of NaN.",
        ("best", "drop"),
    )


class PROBE(SchemaMethod):
    """Probabilistically robust recourse: search until few enough noisy versions of the answer are refused.

    Pawelczyk, Datta, van den Heuvel, Kasneci and Lakkaraju, "Probabilistically Robust Recourse: Navigating the
    Trade-offs between Costs and Robustness in Algorithmic Recourse" (ICLR 2023). Gradient steps on

        max(0, rate(x') - target) + loss(h(x'), 1) + lambda c(x', x)

    until the rate, :func:`invalidation_rate`, is at most the target and h(x') > .5. The gradient of the logit is
    autograd's where the classifier is a torch module, and the slope of a local linear fit on neighbours as far away
    as the noise where it is a black box (:mod:`carla_genre.methods.baselines.search.logit`).

    Raises
    ------
    InputError
        A hyperparameter is wrong, or a categorical's columns are not numbers.

    Notes
    -----
    The search moves relaxed vectors inside the bounds that hold the constraints. Decoding can undo what it found, by
    rounding a category back. So the target is for the *decoded* answer at every step, and a row goes on until that
    one meets it. A row that no round brought there has a last round with the categories held at their levels.

    The published code lets lambda fall below 0, which pays for distance, and clamps a copy of its vector; here the
    cost's weight ends at 0 and the bounds hold. Its steps are Adam's, which move all features alike; here they have
    a fixed length along the gradient, so that features without a gradient keep their values.
    """

    OPTIONS = PROBEOptions()

    def _prepare(self) -> None:
        self._relaxation = Relaxation(self.schema)
        matrix, offset = self._relaxation.columns()
        rows = torch.from_numpy(self._relaxation.encode(self.training_rows.values[:PROBES]) @ matrix + offset)
        noise = torch.full((len(offset),), self.hyperparams["noise_variance"] ** 0.5)
        fit = LocalLinearFit(noise, self.hyperparams["neighbors"], self.hyperparams["seed"])
        self._logit = logit_of(self._mlmodel, self.schema.columns, rows, fit, self.device)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        target, rounds = self.hyperparams["invalidation_target"], self.hyperparams["rounds"]
        space, best = RelaxedSpace(self._relaxation, values, self.device), BestAnswers(values.shape)
        vectors = space.start.clone()
        self._offer(space, vectors, torch.arange(len(values), device=self.device), best)
        weights = [*np.linspace(self.hyperparams["lambda_"], 0, rounds), 0.0]
        for number, lambda_ in enumerate(weights):
            unmet = torch.from_numpy(best.keys > target).to(self.device)
            if not unmet.any():
                break
            part, start = space.select(unmet), vectors[unmet]
            if number == rounds:
                part, start = part.hold_categories(start), part.rounded(start)
            vectors[unmet] = self._round(part, start, float(lambda_), unmet.nonzero()[:, 0], best)
        if self.hyperparams["unreached"] == "drop":
            best.values[best.keys > target] = np.nan
        return best.values

    def _round(
        self, space: RelaxedSpace, start: Tensor, lambda_: float, rows: Tensor, best: BestAnswers
    ) -> Tensor:
        """Move the unmet rows from start (U, W) to where they end, (U, W); ``rows`` (U,) are their indices in all."""
        end, vectors = start.clone(), start
        active = torch.arange(len(start), device=start.device)
        for _ in range(self.hyperparams["steps"]):
            vectors = self._step(space, vectors, lambda_)
            end[active] = vectors
            unmet = ~self._offer(space, vectors, rows[active], best)
            if not unmet.all():
                active, vectors, space = active[unmet], vectors[unmet], space.select(unmet)
            if len(active) == 0:
                break
        return end

    def _offer(self, space: RelaxedSpace, vectors: Tensor, rows: Tensor, best: BestAnswers) -> Tensor:
        """Offer the decoded answers of these rows with their rates as keys; whether they meet the target, (U,)."""
        columns = space.columns(space.rounded(vectors))
        with torch.no_grad():
            accepted = self._logit(columns) > 0
        keys = torch.full((len(vectors),), torch.inf, dtype=vectors.dtype, device=vectors.device)
        if accepted.any():
            logits, gradients = self._logit.with_gradient(columns[accepted])
            rates = invalidation_rate(logits, gradients, self.hyperparams["noise_variance"])
            keys[accepted] = rates.detach()
        best.offer(space.decode(vectors), keys.cpu().numpy(), rows.cpu().numpy())
        within: Tensor = keys <= self.hyperparams["invalidation_target"]
        return within

    def _step(self, space: RelaxedSpace, vectors: Tensor, lambda_: float) -> Tensor:
        """One proximal step of fixed length down the objective, (U, W)."""
        vectors = vectors.detach().requires_grad_()
        logits, gradients = self._logit.with_gradient(space.columns(vectors))
        rates = invalidation_rate(logits, gradients, self.hyperparams["noise_variance"])
        loss = (
            softplus(-logits) if self.hyperparams["loss_type"] == "BCE" else torch.sigmoid(-logits).square()
        )
        (slope,) = torch.autograd.grad(
            (relu(rates - self.hyperparams["invalidation_target"]) + loss).sum(), vectors
        )
        with torch.no_grad():
            # What the bounds take from the step is left to the other features.
            stuck = ((slope > 0) & (vectors <= space.lower)) | ((slope < 0) & (vectors >= space.upper))
            slope = torch.where(stuck, 0.0, slope)
            length = slope.norm(dim=1, keepdim=True).clamp_min(max(lambda_, LEAST_SLOPE))
            size = self.hyperparams["step_size"] / length
            return space.nearest(vectors - size * slope, size * lambda_)
