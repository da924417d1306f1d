"""A random forest for p(y = 1 | x)."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier


class Forest:
    """Trees on bootstrapped rows (Breiman 2001).

    scikit-learn's ``RandomForestClassifier`` grows them. They are asked one by one, without what it does around them:
    its very numbers, up to twenty times sooner for a few points, and the same ones whatever ``n_jobs``.

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
        self._forest = RandomForestClassifier(
            n_trees, min_samples_leaf=smallest_leaf, random_state=seed % 2**32, n_jobs=n_jobs
        ).fit(self._points, labels)
        self._trees = [grown.tree_ for grown in self._forest.estimators_]

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
        for tree, drawn in zip(self._trees, self._forest.estimators_samples_, strict=True):
            unseen = np.flatnonzero(np.bincount(drawn, minlength=n) == 0)
            total[unseen] += tree.predict(self._points[unseen])[:, 1]
            count[unseen] += 1
        return total / np.maximum(count, 1)
