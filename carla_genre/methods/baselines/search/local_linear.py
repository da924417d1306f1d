"""A plane through a function's values near each row: ridge regression on Gaussian neighbours, for all rows at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# Neighbours that the function is evaluated on at a time.
BLOCK = 1 << 17


class LocalLinearFit:
    """Ridge regression of a function on neighbours ``row + scale * normal``, as LIME fits its planes.

    All rows have the same offsets, so the normal equations are solved once and a row's plane does not depend on the
    other rows. The offsets come in pairs of opposite signs: what is even about a row falls out of its slopes.

    Parameters
    ----------
    scale : Tensor (C,)
        Standard deviation of the neighbours in each column; a column of scale 0 has slope 0.
    n_neighbors : int
        Neighbours a row, S; rounded up to a pair.
    seed : int
        Of the offsets.
    ridge : float
        Penalty of the slopes a neighbour, in units of ``scale``.
    """

    def __init__(self, scale: Tensor, n_neighbors: int = 1000, seed: int = 0, ridge: float = 1e-8) -> None:
        generator = torch.Generator().manual_seed(seed)
        half = torch.randn((n_neighbors + 1) // 2, len(scale), generator=generator, dtype=torch.float64)
        standard = torch.cat([half, -half])  # (S, C)
        penalty = ridge * len(standard) * torch.eye(len(scale), dtype=torch.float64)
        solution = torch.linalg.solve(standard.T @ standard + penalty, standard.T)  # (C, S)
        scale = scale.to("cpu", torch.float64)
        per_unit = torch.where(scale > 0, 1 / scale.clamp_min(torch.finfo(torch.float64).tiny), 0.0)
        self._offsets, self._solution = standard * scale, solution * per_unit[:, None]

    def to(self, device: torch.device) -> LocalLinearFit:
        """Work on that device from now on."""
        self._offsets, self._solution = self._offsets.to(device), self._solution.to(device)
        return self

    def __call__(self, function: Callable[[Tensor], Tensor], rows: Tensor) -> tuple[Tensor, Tensor]:
        """Fit a plane, ``level + slopes @ (z - row)``, to a function (N, C) -> (N,) at each row (B, C), float64.

        Returns
        -------
        slopes, levels : Tensor (B, C), (B,)
        """
        if len(rows) == 0:
            return torch.zeros_like(rows), rows.new_zeros(0)
        slopes, levels = [], []
        for part in rows.split(max(1, BLOCK // len(self._offsets))):
            neighbors = part[:, None] + self._offsets  # (b, S, C)
            values = function(neighbors.flatten(0, 1)).view(len(part), -1)  # (b, S)
            level = values.mean(dim=1)
            slopes.append((values - level[:, None]) @ self._solution.T)
            levels.append(level)
        return torch.cat(slopes), torch.cat(levels)
