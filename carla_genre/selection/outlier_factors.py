"""Local outlier factors of points among several sets of rows, by one search for neighbours for all sets."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial import KDTree
from sklearn.neighbors import NearestNeighbors

# Added to a mean distance: among repeated rows a density stays finite.
TINY = 1e-10
# In more dimensions a tree looks at nearly all rows, and one matrix product does so sooner.
TREE_WIDTH = 15
# Points that neighbours are searched for together.
TOGETHER = 1000
# Up to so many distances, one product and a partial sort take less time than what scikit-learn does before its search.
FEW_DISTANCES = 1 << 19


class OutlierFactors:
    """Local outlier factors (Breunig, Kriegel, Ng and Sander 2000) among m sets of the same rows.

    The k nearest members of a set decide. Sets that overlap have most neighbours in common, so more than k nearest rows
    of their union are searched for once; each set takes its members from these.

    Parameters
    ----------
    rows : ndarray (n, W)
    members : ndarray (m, n), bool
        The rows of each set, more than ``neighbours`` in each.
    neighbours : int
        k.

    Attributes
    ----------
    own : ndarray (m, n)
        The factors of the rows themselves, each among the others; infinite for a row of no set.
    """

    def __init__(self, rows: np.ndarray, members: np.ndarray, neighbours: int) -> None:
        used = members.any(axis=0)
        self._members, self._neighbours = members[:, used], neighbours
        self._rows = rows[used].astype(float)
        wide = rows.shape[1] > TREE_WIDTH
        self._index = NearestNeighbors(algorithm="brute").fit(self._rows) if wide else KDTree(self._rows)
        if wide:
            self._columns = torch.from_numpy(np.ascontiguousarray(self._rows.T))
            self._squares = self._columns.square().sum(dim=0)
        distance, near = self._nearest(self._rows, np.arange(len(self._rows)))
        self._reach = distance[..., -1]
        self._density = self._densities(distance, near)
        self.own = np.full(members.shape, np.inf)
        self.own[:, used] = self._compared(self._density, near)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The factor of points (b, W) in each set, (m, b): about 1 inside, larger outside."""
        distance, near = self._nearest(points.astype(float))
        return self._compared(self._densities(distance, near), near)

    def _compared(self, density: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Densities of neighbours (m, b, k) over a point's own (m, b)."""
        factors: np.ndarray = _of_sets(self._density, near).mean(axis=-1) / density
        return factors

    def _densities(self, distance: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Local reachability densities, (m, b), from neighbours (m, b, k)."""
        densities: np.ndarray = 1 / (np.maximum(distance, _of_sets(self._reach, near)).mean(axis=-1) + TINY)
        return densities

    def _nearest(self, points: np.ndarray, own: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest members of each set, distances and indices (m, b, k); no row of ``own`` (b,) is its own."""
        shape = (len(self._members), len(points), self._neighbours)
        distances, indices = np.empty(shape), np.empty(shape, dtype=np.intp)
        for start in range(0, len(points), TOGETHER):
            left, searched = np.arange(start, min(start + TOGETHER, len(points))), 2 * self._neighbours
            while len(left):
                searched = min(searched, len(self._rows))
                distance, near = self._search(points[left], searched)
                member = self._members[:, near]
                if own is not None:
                    member &= near != own[left, None]
                enough = (member.sum(axis=-1) >= self._neighbours).all(axis=0)
                first = np.argsort(~member[:, enough], axis=-1, kind="stable")[..., : self._neighbours]
                distances[:, left[enough]] = np.take_along_axis(distance[None, enough], first, axis=-1)
                indices[:, left[enough]] = np.take_along_axis(near[None, enough], first, axis=-1)
                left, searched = left[~enough], 2 * searched
        return distances, indices

    def _search(self, points: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest rows of all, (b, number)."""
        if isinstance(self._index, KDTree):
            distance, near = self._index.query(points, number)
            return distance, near
        if len(points) * len(self._rows) <= FEW_DISTANCES:
            squares = torch.addmm(self._squares, torch.from_numpy(points), self._columns, alpha=-2)
            near = squares.topk(number, largest=False, sorted=False).indices.numpy()
        else:
            near = self._index.kneighbors(points, number, return_distance=False)
        # By the product, equal rows have a small distance, which is large beside none.
        distance = np.linalg.norm(points[:, None] - self._rows[near], axis=-1)
        order = np.argsort(distance, axis=1, kind="stable")
        return np.take_along_axis(distance, order, 1), np.take_along_axis(near, order, 1)


def _of_sets(numbers: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Each set's own numbers (m, n) of its neighbours (m, b, k)."""
    taken: np.ndarray = numbers[np.arange(len(numbers))[:, None, None], near]
    return taken
