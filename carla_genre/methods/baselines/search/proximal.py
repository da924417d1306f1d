"""Accelerated proximal gradient descent on relaxed vectors, every row for itself."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from carla_genre.methods.baselines.search.relaxed_space import RelaxedSpace

# Steps between two looks at the vectors on the way.
LOOK_EVERY = 20


def accelerated_descent(
    smooth: Callable[[Tensor], Tensor],
    space: RelaxedSpace,
    start: Tensor,
    size: Tensor,
    lambda_: float,
    steps: int,
    tolerance: float,
    look: Callable[[Tensor], None] | None = None,
) -> Tensor:
    """Minimise ``smooth(v) + lambda cost(v)`` inside the bounds: FISTA (Beck and Teboulle 2009).

    Parameters
    ----------
    smooth : callable
        (B, W) -> (B,), differentiable; a row's value must depend on that row alone.
    space : RelaxedSpace
        Its bounds and its cost.
    start : Tensor (B, W)
    size : Tensor (B, 1)
        Step: one over the Lipschitz constant of the row's gradient.
    lambda_ : float
        Weight of the cost.
    steps : int
        At most.
    tolerance : float
        A row whose largest change in a step is no more is done.
    look : callable, optional
        Is shown the vectors (B, W) now and then, and the last ones.

    Returns
    -------
    Tensor (B, W)
    """
    vectors = ahead = start
    momentum = torch.ones_like(size)
    active = torch.ones_like(size, dtype=torch.bool)
    for step in range(steps):
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
        if not active.any():
            break
        if look is not None and step % LOOK_EVERY == 0:
            look(vectors)
    if look is not None:
        look(vectors)
    return vectors
