"""Each row's nearest allowed targets by the cost, in blocks of rows with the same immutables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.pairing.approximate import ApproximateNearest, can_index
from carla_genre.generator.pairing.costs import TargetCosts

# Costs of a block of rows on a processor, in numbers: what its caches hold. A GPU takes what memory allows.
CACHED = 1 << 20
# Numbers held for each cost of a block: the cost, a term of it, the chunks that are sorted, their indices.
HELD = 4


class NeighbourBlock(NamedTuple):
    """The nearest targets of some of B rows: of b rows, k each.

    ``rows`` (b,) are indices into the B rows; ``cost`` (b, k) rises along a row; ``indices`` (b, k), int32, are the
    targets'.
    """

    rows: Tensor
    cost: Tensor
    indices: Tensor


class _Group(NamedTuple):
    """Targets with the same immutables: their indices (n,) int32, their costs, and what finds the nearest."""

    indices: Tensor
    costs: TargetCosts
    search: TargetCosts | ApproximateNearest


class Search:
    """Finds, for any of some rows, the nearest targets of the same immutables that their directions allow.

    Parameters
    ----------
    rows : ndarray (n, D)
    targets : ndarray (N, D)
        All of them inside the ranges.
    constraints : FeatureConstraints
    k : int
        Targets wanted for a row.
    relax : bool
        Let the continuous immutables differ, at their cost, for a row that has no target otherwise; the
        categorical ones still have to agree.
    device, dtype
        Where and how precisely costs are taken.
    memory_mb : int
        Megabytes of the costs that are held at a time; one row's are held at least.
    approximate : bool
        Take the nearest from an index where there are many targets: most, not all, of the nearest are found.

    Attributes
    ----------
    possible, relaxed : ndarray (n,), bool
        Rows that have a target, and those of them that need the relaxation.
    k : int
        At most the number of targets.
    recall : float
        Share of the nearest that is found, as measured on some rows where an index is used, else 1.
    """

    def __init__(
        self,
        rows: np.ndarray,
        targets: np.ndarray,
        constraints: FeatureConstraints,
        k: int,
        relax: bool = True,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        memory_mb: int = 256,
        approximate: bool = False,
    ) -> None:
        self.k = min(k, max(len(targets), 1))
        self.rows = torch.from_numpy(np.ascontiguousarray(rows, dtype=np.float64)).to(device)
        self.held = max(1, (memory_mb << 20) // (HELD * dtype.itemsize))
        if self.rows.device.type == "cpu":
            self.held = min(self.held, CACHED)
        answers = torch.from_numpy(np.ascontiguousarray(targets, dtype=np.float64)).to(device)
        self._constraints, self._dtype, self._approximate = constraints, dtype, approximate
        self._groups: list[_Group] = []
        self._missed = 0.0
        self._group_of = np.full(len(rows), -1)
        self._assign(answers, constraints.immutable)
        strict = self._group_of >= 0
        agreeing = constraints.immutable & constraints.categorical
        if relax and not strict.all() and (agreeing != constraints.immutable).any():
            self._assign(answers, agreeing)
        self.possible = self._group_of >= 0
        self.relaxed = self.possible & ~strict
        self.recall = 1.0 - self._missed

    def blocks(self, rows: Tensor) -> Iterator[NeighbourBlock]:
        """The nearest targets of rows (B,), given by index, a block at a time; none of impossible rows.

        A group of fewer than k targets gives as many as it has.
        """
        for group, members in self._by_group(rows):
            k = min(self.k, len(group.indices))
            for part in members.split(max(1, self.held // group.search.costs_held(k))):
                cost, columns = group.search.nearest(self.rows[rows[part]], k)
                yield NeighbourBlock(part, cost, group.indices[columns])

    def every_target(self, rows: Tensor) -> Iterator[NeighbourBlock]:
        """As :meth:`blocks`, but all targets of the same immutables, in no order."""
        for group, members in self._by_group(rows):
            # Half of what is held for costs: they are made to weights in double precision.
            for part in members.split(max(1, self.held // 2 // len(group.indices))):
                cost = group.costs.of(self.rows[rows[part]])
                yield NeighbourBlock(part, cost, group.indices.expand_as(cost))

    def nearest(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Least costs (B, k) of rows (B,), inf where there are fewer, and their targets, int32 (B, k)."""
        cost = torch.full((len(rows), self.k), torch.inf, dtype=self._dtype, device=self.rows.device)
        indices = torch.zeros(len(rows), self.k, dtype=torch.int32, device=self.rows.device)
        for block in self.blocks(rows):
            size = block.cost.shape[1]
            cost[block.rows, :size] = block.cost
            indices[block.rows, :size] = block.indices
        return cost, indices

    def all_nearest(self) -> tuple[Tensor, Tensor]:
        """:meth:`nearest` of all rows, on the CPU."""
        cost, indices = self.nearest(torch.arange(len(self.rows), device=self.rows.device))
        return cost.cpu(), indices.cpu()

    def _by_group(self, rows: Tensor) -> Iterator[tuple[_Group, Tensor]]:
        """Groups that occur among rows (B,), each with the indices (b,) of its rows among them."""
        groups = self._group_of[rows.cpu().numpy()]
        order = np.argsort(groups, kind="stable")
        found, counts = np.unique(groups, return_counts=True)
        for group, end, count in zip(found, counts.cumsum(), counts, strict=True):
            if group >= 0:
                yield self._groups[group], torch.from_numpy(order[end - count : end]).to(rows.device)

    def _assign(self, answers: Tensor, agree: np.ndarray) -> None:
        """Give each row without a group the targets equal in ``agree``, if it may reach one of them."""
        waiting = np.flatnonzero(self._group_of < 0)
        kinds = self.rows[:, agree].cpu().numpy()[waiting], answers[:, agree].cpu().numpy()
        for rows, targets in _equal(*kinds):
            indices = torch.from_numpy(targets).to(self.rows.device)
            group = waiting[rows]
            costs = TargetCosts(answers[indices], self._constraints, agree, self._dtype)
            group = group[costs.reachable(self.rows[group]).cpu().numpy()]
            if len(group):
                self._group_of[group] = len(self._groups)
                self._groups.append(_Group(indices.int(), costs, self._finder(costs, group)))

    def _finder(self, costs: TargetCosts, rows: np.ndarray) -> TargetCosts | ApproximateNearest:
        if not self._approximate or not can_index(costs):
            return costs
        index = ApproximateNearest(costs, self.rows[rows], min(self.k, len(costs)))
        self._missed += (1.0 - index.recall) * len(rows) / len(self.rows)
        return index


def _equal(rows: np.ndarray, targets: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (indices of rows, indices of targets) of equal values, rows (n, d) and targets (N, d)."""
    kind = _kinds(np.concatenate([rows, targets]))
    of_rows, of_targets = kind[: len(rows)], kind[len(rows) :]
    order_rows, order_targets = np.argsort(of_rows, kind="stable"), np.argsort(of_targets, kind="stable")
    for key in np.intersect1d(of_rows, of_targets):
        left = slice(*np.searchsorted(of_rows, [key, key + 1], sorter=order_rows))
        right = slice(*np.searchsorted(of_targets, [key, key + 1], sorter=order_targets))
        yield order_rows[left], order_targets[right]


def _kinds(rows: np.ndarray) -> np.ndarray:
    """A number (n,) for each row (n, d), the same for equal rows; column by column, faster than rows are sorted."""
    kind = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        values, code = np.unique(column, return_inverse=True)
        kind = np.unique(kind * len(values) + code, return_inverse=True)[1]
    return kind
