"""The binned distribution of each feature: edges, representatives, soft labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from carla_genre.errors import InputError
from carla_genre.generator.config import Binning

# So many rows of D_h+ make a value common; where there are few rows, a fiftieth of them.
COMMON_ROWS = 20


class Bins(nn.Module):
    """K_j bins for each of D features, padded to K = max K_j.

    Parameters
    ----------
    representatives : Tensor (D, K), float64
        What an answer in the bin says, ascending; ``inf`` beyond the feature's K_j bins.
    widths : Tensor (D, K), float64
        The kernels' widths w_jk of eq. 7.
    categorical : Tensor (D,), bool
        Features whose representatives are level numbers.
    """

    representatives: Tensor
    widths: Tensor
    categorical: Tensor

    def __init__(self, representatives: Tensor, widths: Tensor, categorical: Tensor) -> None:
        super().__init__()
        self.register_buffer("representatives", representatives.double())
        self.register_buffer("widths", widths.double())
        self.register_buffer("categorical", categorical.bool())
        exists = torch.isfinite(self.representatives)
        middles = (self.representatives[:, 1:] + self.representatives[:, :-1]) / 2
        self.register_buffer("edges", middles.contiguous(), persistent=False)  # inf beyond the last bin
        self.register_buffer("exists", exists, persistent=False)

    edges: Tensor
    exists: Tensor

    @classmethod
    def fit(cls, accepted: np.ndarray, n_levels: np.ndarray, config: Binning) -> Bins:
        """Cut the features of D_h+ into bins (section 4.2).

        Parameters
        ----------
        accepted : ndarray (N, D)
            Encoded rows of D_h+.
        n_levels : ndarray (D,), int
            A categorical's number of levels, each its own bin; 0 for a continuous feature.
        config : Binning
        """
        if accepted.ndim != 2 or len(accepted) == 0:
            raise InputError(f"bins need rows of D_h+: expected shape (N > 0, D), got {accepted.shape}")
        cut = []
        for column, levels in zip(accepted.T, n_levels, strict=True):
            if levels:
                cut.append((np.arange(levels, dtype=float), np.full(levels, 1.0)))
            else:
                cut.append(_cut(column, config))
        size = max(len(points) for points, _ in cut)
        representatives = np.full((len(cut), size), np.inf)
        widths = np.ones((len(cut), size))
        for position, (points, width) in enumerate(cut):
            representatives[position, : len(points)] = points
            widths[position, : len(points)] = width
        return cls(
            torch.from_numpy(representatives), torch.from_numpy(widths), torch.from_numpy(n_levels > 0)
        )

    def points(self, most: int = 32) -> np.ndarray:
        """Values that features may be set to, ascending: all levels, and at most so many of a number's: (P, D).

        They begin and end with infinities, which constraints make the ends of what is allowed: these may lie outside of
        the bins. Where a feature has fewer values than others, its greatest one repeats.
        """
        columns = list[np.ndarray]()
        for points, exists, is_level in zip(self.representatives, self.exists, self.categorical, strict=True):
            own = points[exists].cpu().numpy()
            columns.append(own if is_level else evenly(own, most))
        return between_infinities(columns)

    @property
    def n_features(self) -> int:
        """D."""
        return self.representatives.shape[0]

    @property
    def size(self) -> int:
        """K, the most bins of a feature."""
        return self.representatives.shape[1]

    def index(self, values: Tensor) -> Tensor:
        """The bin whose representative is nearest: (..., D) -> long (..., D)."""
        flat = values.to(self.edges.dtype).reshape(-1, self.n_features).T.contiguous()
        found = torch.searchsorted(self.edges, flat)
        return found.T.reshape(values.shape)

    def value(self, index: Tensor) -> Tensor:
        """The representatives of bins: long (..., D) -> float64 (..., D)."""
        features = torch.arange(self.n_features, device=index.device).expand_as(index)
        return self.representatives[features, index]

    def soft_labels(self, values: Tensor) -> Tensor:
        """Kernel ratios of eq. 8: (B, D) -> (B, D, K), each row summing to 1.

        A categorical's label is its level, without a kernel.
        """
        values = values.to(self.representatives.dtype).unsqueeze(-1)
        points = torch.where(self.exists, self.representatives, 0.0)
        logits = -(((values - points) / self.widths) ** 2) / 2  # (B, D, K)
        logits = logits.masked_fill(~self.exists, -torch.inf)
        hard = torch.where(points == values, 0.0, -torch.inf).masked_fill(~self.exists, -torch.inf)
        return torch.where(self.categorical[:, None], hard, logits).softmax(-1).float()

    def kernel(self) -> Tensor:
        """The soft labels of each bin's own representative: (D, K, K); a missing bin has zeros."""
        points = torch.where(self.exists, self.representatives, 0.0)
        labels = torch.where(self.exists.T.unsqueeze(-1), self.soft_labels(points.T), 0.0)  # (K, D, K)
        return labels.transpose(0, 1)

    def holds(self, values: Tensor) -> Tensor:
        """Whether a value lies within its feature's representatives: (..., D) -> bool (..., D)."""
        finite = torch.where(self.exists, self.representatives, -torch.inf)
        low, high = self.representatives[:, 0], finite.amax(dim=1)
        return (values >= low) & (values <= high)


def evenly(ascending: np.ndarray, most: int) -> np.ndarray:
    """At most so many of some values, their ends among them."""
    taken: np.ndarray = ascending[
        np.linspace(0, len(ascending) - 1, min(most, len(ascending))).round().astype(int)
    ]
    return taken


def between_infinities(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Ascending values of D features as one array (P, D), between -inf and inf; a shorter column's last one repeats."""
    size = max(map(len, columns))
    inside = np.stack([np.pad(own, (0, size - len(own)), mode="edge") for own in columns], axis=1)
    return np.pad(inside, ((1, 1), (0, 0)), constant_values=((-np.inf, np.inf), (0, 0)))


def _cut(column: np.ndarray, config: Binning) -> tuple[np.ndarray, np.ndarray]:
    """Representatives and widths of one continuous feature."""
    if config.kind == "left-edges":
        points = np.arange(config.n_bins) / config.n_bins
        return points, np.full(config.n_bins, 1 / config.n_bins)
    distinct = np.unique(column)
    if len(distinct) == 1:
        return distinct, np.ones(1)
    if config.kind == "even":
        points = np.unique(
            np.linspace(distinct[0], distinct[-1], config.n_bins)
        )  # few of neighbouring floats
        return points, np.full(len(points), points[1] - points[0])
    points = _common_values(column)
    if len(points) > config.n_bins:
        points = _quantile_points(column, config.n_bins)
    return points, np.gradient(points)


def _common_values(column: np.ndarray) -> np.ndarray:
    """Values that many rows have, and the extremes; all values, where the common ones are not four fifths of the rows.

    A feature of mostly rare values, as an income, may have a common one that means something else, as "unknown":
    nobody is to be sent there.
    """
    distinct, rows = np.unique(column, return_counts=True)
    common = rows >= max(1, min(COMMON_ROWS, len(column) // 50))
    if rows[common].sum() < 0.8 * len(column):
        return distinct
    common[[0, -1]] = True
    return distinct[common]


def _quantile_points(column: np.ndarray, n_bins: int) -> np.ndarray:
    """At most ``n_bins`` values that occur, the extremes among them, about equally many rows near each."""
    return np.unique(np.quantile(column, np.linspace(0, 1, n_bins), method="nearest"))
