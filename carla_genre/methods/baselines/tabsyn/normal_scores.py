"""Continuous features as normal scores, which TabSyn's networks work on."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import QuantileTransformer


class NormalScores:
    """Each continuous feature through its distribution function to a standard normal one, and back.

    The way back keeps to the range that was seen in the encoded rows (n, D), and to a value that many rows share. The
    features that are ``categorical`` (D,) are left as they are. There are as many quantiles as TabSyn takes: one for 30
    rows, 10 to 1,000.
    """

    def __init__(self, rows: np.ndarray, categorical: np.ndarray) -> None:
        self.continuous = ~np.asarray(categorical, dtype=bool)
        quantiles = min(max(min(len(rows) // 30, 1000), 10), len(rows))
        self._transformer = QuantileTransformer(
            n_quantiles=quantiles, output_distribution="normal", subsample=10**9, random_state=0
        )
        if self.continuous.any():
            self._transformer.fit(rows[:, self.continuous])

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """(n, D) -> (n, D)."""
        scores = np.array(rows, dtype=float)
        if self.continuous.any() and len(scores):
            scores[:, self.continuous] = self._transformer.transform(scores[:, self.continuous])
        return scores

    def decode(self, scores: np.ndarray) -> np.ndarray:
        """(n, D) -> (n, D).

        The scores are rounded first: the last bits of a network's output depend on the batch, an answer must not.
        """
        rows = np.array(scores, dtype=float)
        if self.continuous.any() and len(rows):
            rounded = rows[:, self.continuous].round(8)
            rows[:, self.continuous] = self._transformer.inverse_transform(rounded)
        return rows
