"""Each row's nearest allowed targets by the cost, in blocks of rows of the same immutables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from carla_genre.generator.pairing.approximate import ApproximateNearest, can_index
from carla_genre.generator.pairing.costs import TargetCosts, smallest
from carla_genre.generator.rules import Rules

# Costs of a block of rows on a processor, in numbers: what its caches hold. A GPU takes what memory allows.
CACHED = 1 << 20
# Numbers held for each cost of a block: the cost, a term of it, the chunks that are sorted, their places.
HELD = 4


class Neighbours(NamedTuple):
    """The k nearest targets of n rows.

    ``cost`` (n, k) rises along a row and is inf where there are fewer; ``places`` (n, k), int32, are the
    targets'; ``relaxed`` (n,), bool, are the rows that no target of the same immutables was found for.
    """

    cost: Tensor
    places: Tensor
    relaxed: np.ndarray


class Block(NamedTuple):
    """Some of the rows that were asked for, and the targets found: of B rows, b rows with k each.

    ``where`` (b,) are places among the B; ``cost`` and ``places`` (b, k), int32, as in :class:`Neighbours`.
    """

    where: Tensor
    cost: Tensor
    places: Tensor


class _Nearest(Protocol):
    """Finds the nearest of some targets."""

    def nearest(self, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Rows (B, D) -> costs by rising value, inf where there are fewer, and targets, both (B, k)."""

    def costs_held(self, k: int) -> int:
        """How many costs are held at a time for a row."""


class ExactNearest:
    """Looks at every target.

    Parameters
    ----------
    costs : TargetCosts
    """

    def __init__(self, costs: TargetCosts) -> None:
        self.costs = costs

    def nearest(self, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Rows (B, D) -> costs by rising value, inf where a direction forbids the change, and targets, (B, k)."""
        return smallest(self.costs.of(rows), k)

    def costs_held(self, k: int) -> int:
        """One for each target."""
        return len(self.costs)


class _Group(NamedTuple):
    """Targets that rows of one kind may become: their places (n,) int32, and how the nearest are found."""

    places: Tensor
    costs: TargetCosts
    search: _Nearest


class Search:
    """Finds, for any of some rows, the nearest targets of the same immutables that their directions allow.

    Parameters
    ----------
    rows : ndarray (n, D)
    targets : ndarray (N, D)
        All of them inside the ranges.
    rules : Rules
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
        rules: Rules,
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
        self._rules, self._dtype, self._approximate = rules, dtype, approximate
        self._groups: list[_Group] = []
        self._missed = 0.0
        self._group_of = np.full(len(rows), -1)
        self._assign(answers, rules.immutable)
        strict = self._group_of >= 0
        agreeing = rules.immutable & rules.categorical
        if relax and not strict.all() and (agreeing != rules.immutable).any():
            self._assign(answers, agreeing)
        self.possible = self._group_of >= 0
        self.relaxed = self.possible & ~strict
        self.recall = 1.0 - self._missed

    def blocks(self, rows: Tensor) -> Iterator[Block]:
        """The nearest targets of possible rows, given by their places (B,), a block at a time.

        A group of fewer than k targets gives as many as it has.
        """
        for group, where in self._by_group(rows):
            k = min(self.k, len(group.places))
            for part in where.split(max(1, self.held // group.search.costs_held(k))):
                cost, columns = group.search.nearest(self.rows[rows[part]], k)
                yield Block(part, cost, group.places[columns])

    def every_target(self, rows: Tensor) -> Iterator[Block]:
        """As :meth:`blocks`, but all targets of the same immutables, in no order."""
        for group, where in self._by_group(rows):
            # Half of what is held for costs: they are made to weights in double precision.
            for part in where.split(max(1, self.held // 2 // len(group.places))):
                cost = group.costs.of(self.rows[rows[part]])
                yield Block(part, cost, group.places.expand_as(cost))

    def nearest(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Least costs (B, k) of possible rows (B,), inf where there are fewer, and their targets, int32 (B, k)."""
        cost = torch.full((len(rows), self.k), torch.inf, dtype=self._dtype, device=self.rows.device)
        places = torch.zeros(len(rows), self.k, dtype=torch.int32, device=self.rows.device)
        for block in self.blocks(rows):
            size = block.cost.shape[1]
            cost[block.where, :size] = block.cost
            places[block.where, :size] = block.places
        return cost, places

    def _by_group(self, rows: Tensor) -> Iterator[tuple[_Group, Tensor]]:
        """Groups that occur among rows (B,), each with the places (b,) of its rows among them."""
        groups = self._group_of[rows.cpu().numpy()]
        order = np.argsort(groups, kind="stable")
        found, counts = np.unique(groups, return_counts=True)
        for group, end, count in zip(found, counts.cumsum(), counts, strict=True):
            yield self._groups[group], torch.from_numpy(order[end - count : end]).to(rows.device)

    def _assign(self, answers: Tensor, agree: np.ndarray) -> None:
        """Give the rows without a group one of targets equal in ``agree``, where there is one they may reach."""
        waiting = np.flatnonzero(self._group_of < 0)
        for rows, targets in _equal(
            self.rows[:, agree].cpu().numpy()[waiting], answers[:, agree].cpu().numpy()
        ):
            places = torch.from_numpy(targets).to(self.rows.device)
            group = waiting[rows]
            costs = TargetCosts(answers[places], self._rules, agree, self._dtype)
            group = group[costs.reachable(self.rows[group]).cpu().numpy()]
            if len(group):
                self._group_of[group] = len(self._groups)
                self._groups.append(_Group(places.int(), costs, self._finder(costs, group)))

    def _finder(self, costs: TargetCosts, rows: np.ndarray) -> _Nearest:
        if not self._approximate or not can_index(costs):
            return ExactNearest(costs)
        index = ApproximateNearest(costs, self.rows[rows], min(self.k, len(costs)))
        self._missed += (1.0 - index.recall) * len(rows) / len(self.rows)
        return index


def nearest_targets(
    rows: np.ndarray,
    targets: np.ndarray,
    rules: Rules,
    k: int,
    relax: bool = True,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Neighbours:
    """Search among the targets of a row's immutables that its directions allow, exactly.

    Parameters
    ----------
    rows : ndarray (n, D)
    targets : ndarray (N, D)
        All of them inside the ranges.
    rules, k, relax, device, dtype
        As :class:`Search` has them.
    """
    search = Search(rows, targets, rules, k, relax, device, dtype)
    cost = torch.full((len(rows), search.k), torch.inf, dtype=dtype)
    places = torch.zeros(len(rows), search.k, dtype=torch.int32)
    possible = torch.from_numpy(np.flatnonzero(search.possible))
    for block in search.blocks(possible.to(device)):
        found, size = possible[block.where.cpu()], block.cost.shape[1]
        cost[found, :size] = block.cost.cpu()
        places[found, :size] = block.places.cpu()
    return Neighbours(cost, places, search.relaxed)


def _equal(rows: np.ndarray, targets: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (places in rows, places in targets) of equal values, rows (n, d) and targets (N, d)."""
    if len(targets) == 0 or len(rows) == 0:
        return
    if rows.shape[1] == 0:
        yield np.arange(len(rows)), np.arange(len(targets))
        return
    group = _kinds(np.concatenate([rows, targets]))
    of_rows, of_targets = group[: len(rows)], group[len(rows) :]
    order_rows, order_targets = np.argsort(of_rows, kind="stable"), np.argsort(of_targets, kind="stable")
    for key in np.intersect1d(of_rows, of_targets):
        left = slice(*np.searchsorted(of_rows, [key, key + 1], sorter=order_rows))
        right = slice(*np.searchsorted(of_targets, [key, key + 1], sorter=order_targets))
        yield order_rows[left], order_targets[right]


def _kinds(rows: np.ndarray) -> np.ndarray:
    """A number (n,) for each row (n, d), the same for equal rows; column by column, faster than rows are sorted."""
    kind = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        values, place = np.unique(column, return_inverse=True)
        kind = np.unique(kind * len(values) + place, return_inverse=True)[1]
    return kind
