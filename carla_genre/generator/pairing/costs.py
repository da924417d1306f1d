"""What changing a row into each of many targets costs, and the least of such costs."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from carla_genre.generator.constraints import FeatureConstraints

# A category of at most so many levels is compared by one matrix product for all of them; one of more, by itself.
FEW_LEVELS = 64


class TargetCosts:
    """The paper's cost, L1 with 1 for a changed category, to targets that agree in some features.

    Costs are taken on the device of the targets (n, D), float64, and are of ``dtype``. The features ``agree`` (D,),
    bool, are those that rows and targets agree in: they cost nothing.
    """

    def __init__(
        self, targets: Tensor, constraints: FeatureConstraints, agree: np.ndarray, dtype: torch.dtype
    ) -> None:
        self.dtype = dtype
        device, free = targets.device, ~agree
        self.number_columns = _indices(free & ~constraints.categorical, device)
        self.numbers = targets[:, self.number_columns].to(dtype)
        levels = {f: targets[:, f].unique() for f in np.flatnonzero(free & constraints.categorical)}
        few = {f: values for f, values in levels.items() if len(values) <= FEW_LEVELS}
        self.many = {int(f): targets[:, f].contiguous() for f in levels if f not in few}
        # A level of a feature is a column: a product counts the features in which row and target are the same.
        counts = torch.tensor([len(values) for values in few.values()], dtype=torch.long, device=device)
        self.level_columns = torch.tensor(list(few), dtype=torch.long, device=device).repeat_interleave(
            counts
        )
        self.level_values = torch.cat([*few.values(), targets.new_empty(0)])
        same = self.same_levels(targets)
        self.levels = torch.cat([same, same.new_full((len(targets), 1), len(few))], dim=1)
        # An immutable that may differ for want of a match is given to the answer: its direction is moot.
        direction = np.where(constraints.immutable | agree, 0, constraints.direction)
        self.direction = torch.from_numpy(direction[direction != 0].astype(float)).to(device)
        self.directed_columns = _indices(direction != 0, device)
        self.directed = targets[:, self.directed_columns] * self.direction  # the more the better

    def __len__(self) -> int:
        return len(self.numbers)

    def of(self, rows: Tensor) -> Tensor:
        """Costs from rows (B, D), float64, to all targets (B, n), inf where a direction forbids the change."""
        cost = torch.cdist(rows[:, self.number_columns].to(self.dtype), self.numbers, p=1.0)
        if self.levels.shape[1] > 1:
            same = self.same_levels(rows)
            ones = same.new_ones(len(rows), 1)
            cost.addmm_(torch.cat([same.neg_(), ones], dim=1), self.levels.T)  # categories - the same ones
        for feature, values in self.many.items():
            cost += (rows[:, feature, None] != values).to(self.dtype)
        for row_values, values in zip(self._directed(rows).T, self.directed.T, strict=True):
            cost.masked_fill_(values < row_values[:, None], torch.inf)
        return cost

    def nearest(self, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Rows (B, D) -> costs by rising value, inf where a direction forbids the change, and targets, (B, k)."""
        return smallest(self.of(rows), k)

    def costs_held(self, k: int) -> int:
        """How many costs are held at a time for a row: one for each target."""
        return len(self)

    def same_levels(self, rows: Tensor) -> Tensor:
        """Rows (B, D) -> 1 for the level that a row has, of the L of categories of few levels, else 0: (B, L)."""
        return (rows[:, self.level_columns] == self.level_values).to(self.dtype)

    def reachable(self, rows: Tensor) -> Tensor:
        """Whether the directions allow any target, for rows (B, D), float64: bool (B,), without a cost."""
        if not len(self.direction):
            return torch.ones(len(rows), dtype=torch.bool, device=rows.device)
        wanted, left = self._directed(rows), self.directed.unique(dim=0)
        found = torch.zeros(len(rows), dtype=torch.bool, device=rows.device)
        while len(left) and not found.all():
            furthest = left[left.sum(1).argmax()]  # no target is at least as far in all directions
            found |= (wanted <= furthest).all(1)
            left = left[(left > furthest).any(1)]
        return found

    def _directed(self, rows: Tensor) -> Tensor:
        return rows[:, self.directed_columns] * self.direction


def smallest(cost: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k least of each row (B, n), by rising cost, and their columns, both (B, k).

    The columns are dealt to chunks, as cards are. The k least are in the k chunks of least minima, since
    each of these has one that is no larger than any of another chunk: only those are sorted.
    """
    if k == 1:  # topk leaves open which of equal costs it takes
        column = cost.argmin(1, keepdim=True)
        return cost.gather(1, column), column
    size = math.isqrt(cost.shape[1] // k)  # least work: as many minima as members of the k chunks
    if size < 4:  # what is saved would be lost on the minima
        near = cost.topk(k, largest=False)
        return near.values, near.indices
    n_chunks = cost.shape[1] // size
    dealt = torch.arange(size * n_chunks, cost.shape[1], device=cost.device)  # those that are left over
    minima = cost[:, : size * n_chunks].unflatten(1, (size, n_chunks)).amin(1)
    chunks = minima.topk(k, largest=False, sorted=False).indices
    members = torch.arange(0, size * n_chunks, n_chunks, device=cost.device)
    columns = torch.cat([(chunks[:, None] + members[:, None]).flatten(1), dealt.expand(len(cost), -1)], dim=1)
    near = cost.gather(1, columns).topk(k, largest=False)
    return near.values, columns.gather(1, near.indices)


def _indices(mask: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.flatnonzero(mask)).to(device)
