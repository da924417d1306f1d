"""A random forest for p(y = 1 | x)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.parallel import Parallel, delayed


class Forest:
    """Trees on bootstrapped rows (Breiman 2001).

    They are those of scikit-learn's ``RandomForestClassifier`` with this seed, bit for bit. They are grown and asked
    one by one, without what that class does around them: sooner, and the same whatever ``n_jobs``.

    Parameters
    ----------
    points : ndarray (n, W)
        Single precision.
    labels : ndarray (n,)
        0 and 1, both of them.
    n_trees : int
    smallest_leaf : int
        Different rows in a leaf, at least.
    seed : int
    n_jobs : int, optional
        Trees that grow at the same time; changes no figure.
    """

    def __init__(
        self,
        points: np.ndarray,
        labels: np.ndarray,
        n_trees: int,
        smallest_leaf: int,
        seed: int,
        n_jobs: int | None = None,
    ) -> None:
        self._points = np.ascontiguousarray(points, dtype=np.float32)
        outcomes = labels[:, None].astype(float)
        random = np.random.RandomState(seed % 2**32)
        self._seeds = [random.randint(np.iinfo(np.int32).max) for _ in range(n_trees)]
        self._trees = Parallel(n_jobs=n_jobs, prefer="threads", require="sharedmem")(
            delayed(self._grow)(outcomes, smallest_leaf, tree_seed) for tree_seed in self._seeds
        )

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """p(y = 1) of points (m, W): (m,)."""
        points, total = np.ascontiguousarray(points, dtype=np.float32), np.zeros(len(points))
        for tree in self._trees:
            total += tree.predict(points)[:, 1]
        return total / len(self._trees)

    def out_of_bag(self) -> np.ndarray:
        """p(y = 1) of the forest's own points (n,), each by the trees that have not seen it; 0 where all have."""
        n = len(self._points)
        total, count = np.zeros(n), np.zeros(n)
        for tree, seed in zip(self._trees, self._seeds, strict=True):
            unseen = np.flatnonzero(_drawn(seed, n) == 0)
            total[unseen] += tree.predict(self._points[unseen])[:, 1]
            count[unseen] += 1
        return total / np.maximum(count, 1)

    def _grow(self, outcomes: np.ndarray, smallest_leaf: int, seed: int) -> Any:
        tree = DecisionTreeClassifier(max_features="sqrt", min_samples_leaf=smallest_leaf, random_state=seed)
        weights = _drawn(seed, len(outcomes)).astype(float)
        return tree.fit(self._points, outcomes, sample_weight=weights, check_input=False).tree_


def _drawn(seed: int, n: int) -> np.ndarray:
    """How often a tree's bootstrap draws each of n rows."""
    return np.bincount(np.random.RandomState(seed).randint(0, n, n, dtype=np.int32), minlength=n)
