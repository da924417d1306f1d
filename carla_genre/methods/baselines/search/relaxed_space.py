"""The space of the gradient searches: relaxed vectors, their bounds and cost, and how they decode to answers."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor

from carla_genre.schema import Relaxation

# Of an answer's scaled numbers.
DECIMALS = 6


class RelaxedSpace:
    """The relaxed vectors that may answer B factuals, which are encoded rows (B, D).

    The relaxation is of D features, W numbers and C columns of the classifier.

    Attributes
    ----------
    start, lower, upper : Tensor (B, W), float64
        The factuals, and the bounds that hold the constraints.
    matrix, offset : Tensor (W, C), (C,)
        The affine map to the classifier's columns.
    """

    def __init__(self, relaxation: Relaxation, factuals: np.ndarray, device: torch.device) -> None:
        self._relaxation, self._factuals, self._device = relaxation, factuals, device
        self.start = self._tensor(relaxation.encode(factuals))
        self.lower, self.upper = (self._tensor(bound) for bound in relaxation.bounds(factuals))
        self.matrix, self.offset = (self._tensor(part) for part in relaxation.columns())
        is_categorical = relaxation.schema.categorical[relaxation.feature]
        self.categorical = torch.as_tensor(is_categorical, device=device)  # (W,)
        self.price = self._tensor(np.where(relaxation.one_hot, 0.5, 1.0))  # (W,); a changed category costs 1

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=torch.float64, device=self._device)

    def columns(self, vectors: Tensor) -> Tensor:
        """(B, W) -> the classifier's columns (B, C)."""
        return vectors @ self.matrix + self.offset

    def cost(self, vectors: Tensor) -> Tensor:
        """L1 cost from the factuals, (B, W) -> (B,); the schema's cost where categories are at their levels."""
        return ((vectors - self.start).abs() * self.price).sum(dim=1)

    def nearest(self, vectors: Tensor, weight: Tensor) -> Tensor:
        """The proximal step from vectors (B, W): argmin over the bounds of ``weight * cost(v) + |v - vectors|^2 / 2``.

        Soft thresholding around the factual, then clipping: both are by coordinate, so together they are exact, and
        a number that does not pay for itself is the factual's own. ``weight`` is (B, 1).
        """
        change, threshold = vectors - self.start, weight * self.price
        shrunk = torch.where(
            change.abs() > threshold, vectors - torch.copysign(threshold, change), self.start
        )
        return torch.minimum(torch.maximum(shrunk, self.lower), self.upper)

    def decode(self, vectors: Tensor) -> np.ndarray:
        """(B, W) -> answers (B, D) that keep the constraints, categories at their nearest levels.

        A number's change is rounded to :data:`DECIMALS`, or to a bound as near as that: the last bits of a sum depend
        on how many rows are added up at a time, and an answer must not.
        """
        schema = self._relaxation.schema
        values = schema.constrain(self._factuals, self._relaxation.decode(vectors.detach().cpu().numpy()))
        rounded = self._factuals + np.round(values - self._factuals, DECIMALS)
        for bound in schema.bounds(self._factuals):
            rounded = np.where(np.abs(rounded - bound) < 10.0**-DECIMALS, bound, rounded)
        return schema.constrain(self._factuals, rounded)

    def rounded(self, vectors: Tensor) -> Tensor:
        """The vectors of the decoded answers, (B, W) -> (B, W)."""
        return self._tensor(self._relaxation.encode(self.decode(vectors)))

    def hold_categories(self, vectors: Tensor) -> RelaxedSpace:
        """The same space with the categories at the levels that these vectors (B, W) decode to."""
        levels, held = self.rounded(vectors), copy.copy(self)
        held.lower = torch.where(self.categorical, levels, self.lower)
        held.upper = torch.where(self.categorical, levels, self.upper)
        return held

    def select(self, rows: Tensor) -> RelaxedSpace:
        """The space of some of the factuals, by their indices or a mask."""
        part = copy.copy(self)
        part.start, part.lower, part.upper = self.start[rows], self.lower[rows], self.upper[rows]
        part._factuals = self._factuals[rows.cpu().numpy()]
        return part


class BestAnswers:
    """The best answer that each row has been offered: ``values`` (B, D) of the least ``keys`` (B,).

    A row without an offer of a finite key has NaN, and an infinite key.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.values = np.full(shape, np.nan)
        self.keys = np.full(shape[0], np.inf)

    def offer(self, values: np.ndarray, keys: np.ndarray, rows: np.ndarray | None = None) -> None:
        """Take (U, D) where keys (U,) are below those kept; of equals the first stays. ``rows`` (U,): their indices."""
        rows = np.arange(len(self.keys)) if rows is None else rows
        better = keys < self.keys[rows]
        self.values[rows[better]], self.keys[rows[better]] = values[better], keys[better]
