"""Questions about rows of which many are equal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


class DistinctRows:
    """Rows (n, D) of which many may be equal, bit for bit: candidates repeat, and so do changes that are reverted.

    Each distinct row is asked about once, when its answer is first wanted.
    """

    def __init__(self, rows: np.ndarray) -> None:
        rows = np.ascontiguousarray(rows)
        whole = rows.view(f"V{rows.itemsize * rows.shape[1]}").ravel() if rows.size else np.arange(len(rows))
        _, first, self._which = np.unique(whole, return_index=True, return_inverse=True)
        self._rows = rows[first]

    def asked(self, ask: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        """``ask``, rows (m, D) -> numbers (m,), as a function of indices (m,) of the rows."""
        numbers, known = np.empty(len(self._rows)), np.zeros(len(self._rows), bool)

        def of(indices: np.ndarray) -> np.ndarray:
            which = self._which[indices]
            new = np.unique(which[~known[which]])
            if len(new):
                numbers[new], known[new] = ask(self._rows[new]), True
            taken: np.ndarray = numbers[which]
            return taken

        return of
