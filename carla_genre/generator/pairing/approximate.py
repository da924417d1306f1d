"""Most of the nearest targets from an index of FAISS, where there are too many to look at every one."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from carla_genre.generator.pairing.costs import TargetCosts
from carla_genre.loading import load_extra

log = logging.getLogger(__name__)

# Fewer targets are looked at one by one in no more time than an index of them takes.
LEAST_TARGETS = 50_000
# Share of the nearest that has to be found, on this many rows.
RECALL, MEASURED_ROWS = 0.99, 200
# Of the clustering: rows that a centre is the mean of, and how often centres are moved.
ROWS_A_CENTRE, ITERATIONS = 40, 10


class ApproximateNearest:
    """Targets in clusters, of which those nearest to a row are looked at: an inverted file under L1.

    How many clusters are looked at is doubled until ``RECALL`` of the nearest of some rows is found.

    ``costs`` are of targets that :func:`can_index` allows. On some of ``rows`` (n, D), which are like those of later
    searches, the share of the ``k`` nearest that is found is measured: ``recall``.

    Raises
    ------
    MissingDependencyError
        FAISS is not installed.
    """

    def __init__(self, costs: TargetCosts, rows: Tensor, k: int) -> None:
        faiss, self._costs = _faiss(), costs
        faiss.omp_set_num_threads(torch.get_num_threads())
        vectors = self._vectors(costs.numbers, costs.levels[:, :-1])
        n_clusters = 4 * math.isqrt(len(vectors))
        self._index = faiss.index_factory(vectors.shape[1], f"IVF{n_clusters},Flat", faiss.METRIC_L1)
        self._index.cp.niter = ITERATIONS
        learned = np.random.default_rng(0).choice(
            len(vectors), min(len(vectors), n_clusters * ROWS_A_CENTRE), replace=False
        )
        self._index.train(vectors[learned])
        self._index.add(vectors)
        measured = torch.linspace(0, len(rows) - 1, MEASURED_ROWS, dtype=torch.float64).long().unique()
        self.recall = self._tune(rows[measured], k)

    def nearest(self, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Rows (B, D) -> costs by rising value, inf where fewer are found, and targets, both (B, k)."""
        _faiss().omp_set_num_threads(torch.get_num_threads())
        columns = rows[:, self._costs.number_columns]
        cost, found = self._index.search(self._vectors(columns, self._costs.same_levels(rows)), k)
        cost[found < 0], found[found < 0] = np.inf, 0
        targets = torch.from_numpy(found).to(rows.device)
        return torch.from_numpy(cost).to(rows.device, self._costs.dtype), targets

    def costs_held(self, k: int) -> int:
        """How many costs are held at a time for a row: those of the targets found."""
        return k

    def _tune(self, rows: Tensor, k: int) -> float:
        furthest = self._costs.nearest(rows, k)[0][:, -1:]
        n_clusters = self._index.nlist
        self._index.nprobe = max(1, n_clusters // 100)
        while True:
            recall = (self.nearest(rows, k)[0] <= furthest + 1e-5).double().mean().item()
            if recall >= RECALL or self._index.nprobe == n_clusters:
                break
            self._index.nprobe = min(2 * self._index.nprobe, n_clusters)
        log.info(
            "an index of %d targets finds %.4f of the %d nearest in %d of %d clusters",
            *(self._index.ntotal, recall, k, self._index.nprobe, n_clusters),
        )
        return recall

    @staticmethod
    def _vectors(numbers: Tensor, same: Tensor) -> np.ndarray:
        """Points whose L1 distance is the cost: another category differs in two columns of a half."""
        return torch.cat([numbers, same / 2], dim=1).float().cpu().numpy()


def can_index(costs: TargetCosts) -> bool:
    """Whether there are enough targets, and their cost is a distance: no direction, no category of many levels."""
    return len(costs) >= LEAST_TARGETS and not len(costs.direction) and not costs.many


def _faiss() -> Any:
    return load_extra("neighbours", "an approximate search for neighbours", "faiss")
