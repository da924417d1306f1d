"""Rows that few people have: an answer that equals one points to somebody."""

from __future__ import annotations

import numpy as np

# An answer may equal as many training rows, or more.
ENOUGH = 5


class RareRows:
    """The encoded training rows (n, D) that occur fewer than :data:`ENOUGH` times, whatever their label.

    Rows are compared in single precision, as h sees them; -0 equals 0.
    """

    def __init__(self, values: np.ndarray) -> None:
        rows, counts = np.unique(_single(values), axis=0, return_counts=True)
        self._rows = {row.tobytes() for row in rows[counts < ENOUGH]}

    def hold(self, rows: np.ndarray) -> np.ndarray:
        """Which of encoded rows (..., D) equal one of these: bool (...)."""
        single = _single(rows)
        found = [row.tobytes() in self._rows for row in single.reshape(-1, rows.shape[-1])]
        return np.array(found, dtype=bool).reshape(rows.shape[:-1])


def _single(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows.astype(np.float32) + np.float32(0))  # -0 becomes 0
