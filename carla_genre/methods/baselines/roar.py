"""ROAR: recourse that stays valid when the classifier's coefficients move a little."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from carla_genre.methods.baselines.search.local_linear import LocalLinearFit
from carla_genre.methods.baselines.search.logit import logit_of, plane_of
from carla_genre.methods.baselines.search.relaxed_space import BestAnswers, RelaxedSpace
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.options import option
from carla_genre.schema import Relaxation

# Training rows that tell whether h is linear.
PROBES = 1000
# Above any objective worth having: what only h accepts comes after what the shifted models accept as well.
UNROBUST = 1e6
# Steps between two looks at the vectors on the way.
LOOK_EVERY = 20
# A model flatter than this is flat.
LEAST_SLOPE = 1e-6


def worst_case_logit(logits: Tensor, columns: Tensor, delta: float, norm: str) -> Tensor:
    """The least logit under any shift of the coefficients and the intercept of at most delta.

    ``min over |shift| <= delta of (w + shift) . (z, 1)`` is ``w . (z, 1) - delta |(z, 1)|*`` by Hoelder's
    inequality, with the dual norm: the sum of absolute values for shifts of at most delta in each coefficient
    ("inf"), the length for shifts of length at most delta ("2"). From logits (B,) before the shift, of inputs z (B, C):
    (B,).
    """
    if norm == "inf":
        return logits - delta * (columns.abs().sum(dim=1) + 1)
    return logits - delta * (columns.square().sum(dim=1) + 1).sqrt()


@dataclass(frozen=True)
class ROAROptions(MethodOptions):
    delta: float = option(
        0.01, "How far each coefficient and the intercept may move.", "[0, inf)", aliases=("delta_max",)
    )
    norm: str = option(
        "inf",
        '"inf": each moves by at most delta. "2": all together move by a length of at most delta.',
        ("inf", "2"),
    )
    lambda_: float = option(0.1, "Weight of the cost.", "[0, inf)", aliases=("lambda",))
    steps: int = option(1000, "Most steps of the search.", "[1, inf)")
    tolerance: float = option(1e-6, "A row whose step is smaller is done.", "(0, inf)")
    neighbors: int = option(1000, "Neighbours that a plane is fitted to.", "[2, inf)")
    neighbor_scale: float = option(
        1.0, "Their spread, in standard deviations of the training rows.", "(0, inf)"
    )


class ROAR(SchemaMethod):
    """Robust Algorithmic Recourse: the cheapest answer under the worst model near h.

    Upadhyay, Joshi and Lakkaraju, "Towards Robust and Reliable Algorithmic Recourse" (NeurIPS 2021):

        argmin over x' of  max over |shift| <= delta of  loss(M_shift(x'), 1) + lambda c(x', x)

    with the binary cross entropy as loss, the L1 cost c, and M_shift the linear model sigmoid((w + shift) . (x', 1)).
    The inner maximum is taken in closed form (:func:`worst_case_logit`) instead of by a linear program, the outer
    minimum by accelerated proximal gradient steps (Beck and Teboulle 2009) for all factuals at once.

    Where the logit of h is linear in the classifier's columns, that is the model. Elsewhere, as in the paper, it is a
    plane fitted around the factual: the paper takes LIME's, which is fitted to probabilities; here it is fitted to the
    logit, with the same Gaussian neighbours (:mod:`carla_genre.methods.baselines.search.local_linear`).

    Raises
    ------
    InputError
        A hyperparameter is wrong, or a categorical's columns are not numbers.

    Notes
    -----
    The search moves relaxed vectors inside the bounds that hold the constraints; decoding can undo what it found, by
    rounding a category back. So it is done twice, the second time with the categories held at the levels that the
    first one decoded to, and a row's answer is the best of the *decoded* vectors on the way: one that h accepts and
    every shifted model too before one that only h accepts, then the least objective. A row without any is a failure.
    """

    OPTIONS = ROAROptions()

    def _prepare(self) -> None:
        self._relaxation = Relaxation(self.schema)
        matrix, offset = self._relaxation.columns()
        rows = self._relaxation.encode(self.training_rows.values) @ matrix + offset
        scale = self.hyperparams["neighbor_scale"] * torch.from_numpy(rows.std(axis=0))
        self._fit = LocalLinearFit(scale, self.hyperparams["neighbors"], self.hyperparams["seed"])
        probes = torch.from_numpy(rows[:PROBES]).to(self.device)
        self._logit = logit_of(self._mlmodel, self.schema.columns, probes, self._fit, self.device)
        self._plane = plane_of(self._logit, probes, self._fit)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        space = RelaxedSpace(self._relaxation, values, self.device)
        coefficients, intercepts = self.planes(space.columns(space.start))
        best = BestAnswers(values.shape)
        found = self._search(space, space.start, coefficients, intercepts, best)
        if space.categorical.any():
            held = space.hold_categories(found)
            self._search(held, space.rounded(found), coefficients, intercepts, best)
        return best.values

    def planes(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Coefficients (B, C) and intercepts (B,) of the linear model that stands for h near rows (B, C)."""
        if self._plane is not None:
            coefficients, intercept = self._plane
            return coefficients.expand(len(rows), -1), intercept.expand(len(rows))
        with torch.no_grad():
            coefficients, levels = self._fit(self._logit, rows)
        return coefficients, levels - (coefficients * rows).sum(dim=1)

    def _search(
        self, space: RelaxedSpace, start: Tensor, coefficients: Tensor, intercepts: Tensor, best: BestAnswers
    ) -> Tensor:
        """Minimise from start (B, W), offering decoded vectors on the way to ``best``; the minimum (B, W)."""
        delta, lambda_, norm = (self.hyperparams[key] for key in ("delta", "lambda_", "norm"))

        def margin(vectors: Tensor) -> Tensor:
            columns = space.columns(vectors)
            return worst_case_logit((columns * coefficients).sum(dim=1) + intercepts, columns, delta, norm)

        def offer(vectors: Tensor) -> None:
            values, decoded = space.decode(vectors), space.rounded(vectors)
            margins = margin(decoded)
            keys = (
                softplus(-margins) + lambda_ * space.cost(decoded) + torch.where(margins > 0, 0.0, UNROBUST)
            )
            best.offer(values, np.where(self.scores(values) > 0.5, keys.cpu().numpy(), np.inf))

        def smooth(vectors: Tensor) -> Tensor:
            return softplus(-margin(vectors))

        # softplus bends by at most 1/4 and rises by at most 1; the margin is no steeper than |w| + delta in each
        # column, and bends, by its length, by at most delta.
        slope = (coefficients.abs() + delta) @ space.matrix.abs().T
        bend = slope.square().sum(dim=1, keepdim=True) / 4
        if norm == "2":
            bend = bend + delta * space.matrix.square().sum()
        size = 1 / bend.clamp_min(LEAST_SLOPE**2)
        found = _accelerated_descent(smooth, space, start, size, lambda_, self.hyperparams["tolerance"])
        for step, vectors in enumerate(itertools.islice(found, self.hyperparams["steps"])):
            if step % LOOK_EVERY == 0:
                offer(vectors)
        offer(vectors)
        return vectors


def _accelerated_descent(
    smooth: Callable[[Tensor], Tensor],
    space: RelaxedSpace,
    start: Tensor,
    size: Tensor,
    lambda_: float,
    tolerance: float,
) -> Iterator[Tensor]:
    """Minimise ``smooth(v) + lambda cost(v)`` from start (B, W) inside the bounds: the vectors after each step.

    FISTA (Beck and Teboulle 2009). Each row is minimised by itself. Its step size (B, 1) is one over the Lipschitz
    constant of its gradient; it is done when no number moves by more than the tolerance.
    """
    vectors = ahead = start
    momentum = torch.ones_like(size)
    active = torch.ones_like(size, dtype=torch.bool)
    while active.any():
        ahead = ahead.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(smooth(ahead).sum(), ahead)
        with torch.no_grad():
            moved = torch.where(active, space.nearest(ahead - size * gradient, size * lambda_), vectors)
            change = moved - vectors
            # A step against the momentum starts it anew (O'Donoghue and Candes 2015).
            against = ((ahead - moved) * change).sum(dim=1, keepdim=True) > 0
            following = (1 + (1 + 4 * momentum.square()).sqrt()) / 2
            ahead = moved + torch.where(against, 0.0, (momentum - 1) / following) * change
            momentum = torch.where(against, 1.0, following)
            active &= change.abs().amax(dim=1, keepdim=True) > tolerance
            vectors = moved
        yield vectors
