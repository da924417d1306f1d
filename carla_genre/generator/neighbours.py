"""Each row's nearest allowed targets by the cost, exactly and in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from carla_genre.generator.rules import Rules

# Distances held at a time, in numbers: 64 MB of float32.
BLOCK = 1 << 24


class Neighbours(NamedTuple):
    """The k nearest targets of n rows.

    ``cost`` (n, k) rises along a row and is inf where there are fewer; ``places`` (n, k), int32, are the
    targets'; ``relaxed`` (n,), bool, are the rows that no target of the same immutables was found for.
    """

    cost: Tensor
    places: Tensor
    relaxed: np.ndarray


def nearest_targets(
    rows: np.ndarray,
    targets: np.ndarray,
    rules: Rules,
    k: int,
    relax: bool = True,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Neighbours:
    """Search among the targets of a row's immutables that its directions allow.

    Works through blocks of rows of equal immutables, so that neither the full distance matrix nor a
    distance that cannot count is ever there.

    Parameters
    ----------
    rows : ndarray (n, D)
    targets : ndarray (N, D)
        All of them inside the ranges.
    rules : Rules
    k : int
    relax : bool
        Let the continuous immutables differ, at their cost, for a row that has no target otherwise; the
        categorical ones still have to agree.
    device, dtype
        Where and how precisely distances are taken.
    """
    k = min(k, max(len(targets), 1))
    cost, places = _search(rows, targets, rules, rules.immutable, k, device, dtype)
    unmatched = ~torch.isfinite(cost[:, 0]).numpy()
    relaxed = np.zeros(len(rows), dtype=bool)
    agreeing = rules.immutable & rules.categorical
    if relax and unmatched.any() and (agreeing != rules.immutable).any():
        rest = torch.from_numpy(unmatched)
        cost[rest], places[rest] = _search(rows[unmatched], targets, rules, agreeing, k, device, dtype)
        relaxed = unmatched & torch.isfinite(cost[:, 0]).numpy()
    return Neighbours(cost, places, relaxed)


def _search(
    rows: np.ndarray,
    targets: np.ndarray,
    rules: Rules,
    agree: np.ndarray,
    k: int,
    device: torch.device | str,
    dtype: torch.dtype,
) -> tuple[Tensor, Tensor]:
    """Least costs (n, k), inf where there are fewer, and their targets, among those equal in ``agree``."""
    places = torch.zeros(len(rows), k, dtype=torch.int32)
    cost = torch.full((len(rows), k), torch.inf, dtype=dtype)
    for group, columns in _groups(rows, targets, agree):
        size = min(k, len(columns))
        near, place = _nearest(rows[group], targets[columns], rules, agree, size, torch.device(device), dtype)
        cost[group, :size] = near
        places[group, :size] = torch.from_numpy(columns).to(torch.int32)[place]
    return cost, places


def _groups(
    rows: np.ndarray, targets: np.ndarray, agree: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (places in rows, places in targets) that share all values of the features in ``agree``."""
    if len(targets) == 0:
        return
    if not agree.any():
        yield np.arange(len(rows)), np.arange(len(targets))
        return
    both = np.concatenate([rows[:, agree], targets[:, agree]])
    group = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
    of_rows, of_targets = group[: len(rows)], group[len(rows) :]
    order_rows, order_targets = np.argsort(of_rows, kind="stable"), np.argsort(of_targets, kind="stable")
    for key in np.intersect1d(of_rows, of_targets):
        left = slice(*np.searchsorted(of_rows, [key, key + 1], sorter=order_rows))
        right = slice(*np.searchsorted(of_targets, [key, key + 1], sorter=order_targets))
        yield order_rows[left], order_targets[right]


def _nearest(
    rows: np.ndarray,
    targets: np.ndarray,
    rules: Rules,
    agree: np.ndarray,
    k: int,
    device: torch.device,
    dtype: torch.dtype,
) -> tuple[Tensor, Tensor]:
    """The k least costs (n, k) and their columns, inf where a constraint forbids the change."""
    free = ~agree  # within a group these cost nothing
    left = torch.from_numpy(np.ascontiguousarray(rows[:, free])).to(dtype)
    right = torch.from_numpy(np.ascontiguousarray(targets[:, free])).to(device, dtype)
    categorical = torch.from_numpy(rules.categorical[free])
    # An immutable that may differ for want of a match is given to the answer: its direction is moot.
    direction = np.where(rules.immutable, 0, rules.direction)[free]
    block = max(1, BLOCK // len(targets))
    costs, places = [], []
    for start in range(0, len(left), block):
        part = left[start : start + block].to(device)
        cost = torch.cdist(part[:, ~categorical], right[:, ~categorical], p=1.0)
        for feature in torch.nonzero(categorical).flatten().tolist():
            cost += part[:, feature, None] != right[:, feature]
        for feature in np.flatnonzero(direction):
            wrong = (right[:, feature] - part[:, feature, None]) * direction[feature] < 0
            cost.masked_fill_(wrong, torch.inf)
        if k == 1:  # topk leaves open which of equal costs it takes
            place = cost.argmin(1, keepdim=True)
            near = cost.gather(1, place)
        else:
            near, place = cost.topk(k, largest=False, sorted=True)
        costs.append(near.cpu())
        places.append(place.cpu())
    return torch.cat(costs), torch.cat(places)
