"""Training pairs: Q(x+|x) of eq. 6, truncated to the K nearest rows of D_h+ (Algorithm 1)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.pairing.neighbours import Search
from carla_genre.generator.randomness import sample_categorical


@dataclass(frozen=True, kw_only=True)
class Pairs(ABC):
    """Sources, targets and Q between them, however it is kept.

    Parameters
    ----------
    sources : ndarray (M, D), float64
        Denied rows that have at least one possible answer in D_h+.
    targets : ndarray (N, D), float64
        D_h+, as far as it is in the allowed ranges.
    n_relaxed : int
        Sources without a target of the same immutables, paired with those nearest in them.
    n_unmatched : int
        Denied rows left out because no target was possible.
    recall : float
        Share of the K nearest that was found: 1 for an exact search.
    """

    sources: np.ndarray
    targets: np.ndarray
    n_relaxed: int = 0
    n_unmatched: int = 0
    recall: float = 1.0

    def __len__(self) -> int:
        return len(self.sources)

    def draw(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """One target for each source of ``rows`` (B,), drawn from Q: long (B,)."""
        return self.target_at(rows, torch.rand(len(rows), 1, generator=generator, device=rows.device))

    @abstractmethod
    def target_at(self, rows: Tensor, uniform: Tensor) -> Tensor:
        """The target of each source of ``rows`` (B,) for numbers in [0, 1), (B, 1): Q's inverse, long (B,)."""

    @abstractmethod
    def near(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The nearest targets of sources (B,), by rising cost, and Q over them: long and float32, both (B, K).

        Where there are fewer than K the weights end in zeros.
        """


@dataclass(frozen=True, kw_only=True)
class TablePairs(Pairs):
    """Pairs whose Q is kept.

    ``neighbours`` (M, K), int32, are each source's nearest targets, by rising cost. ``cumulative`` (M, K), float32, is
    the cumulative Q over them; 1 from the last possible neighbour on.
    """

    neighbours: Tensor
    cumulative: Tensor

    def target_at(self, rows: Tensor, uniform: Tensor) -> Tensor:
        """Q's inverse, looked up."""
        return _at(self.cumulative[rows], self.neighbours[rows], uniform)

    def near(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Rows of the table."""
        return self.neighbours[rows].long(), _weights(self.cumulative[rows])


@dataclass(frozen=True, kw_only=True)
class SearchedPairs(Pairs):
    """Pairs whose Q is taken anew for each batch, where a table would be too large.

    What is drawn is what a table would give for the same generator, number for number. If K is at least the
    number of targets, Q is eq. 6 itself, and its targets are drawn in one pass without being sorted. The ``search`` is
    over all denied rows; ``rows`` (M,) are the indices of the sources among them.
    """

    search: Search
    rows: Tensor
    lambda_: float

    def target_at(self, rows: Tensor, uniform: Tensor) -> Tensor:
        """Q's inverse, a block of rows at a time.

        One random number a row, as a table takes, and not one for every pair, as the maximum of Gumbel
        noise would.
        """
        drawn = torch.empty_like(rows)
        if self.search.k < len(self.targets):
            for block in self.search.blocks(self.rows[rows]):
                cumulative = _cumulative(block.cost, self.lambda_)
                drawn[block.rows] = _at(cumulative, block.indices, uniform[block.rows])
        else:
            for block in self.search.every_target(self.rows[rows]):
                least = block.cost.amin(1, keepdim=True)
                column = sample_categorical(_likeness(block.cost, least, self.lambda_), uniform[block.rows])
                drawn[block.rows] = block.indices.gather(1, column).squeeze(1).long()
        return drawn

    def near(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Searched now."""
        cost, neighbours = self.search.nearest(self.rows[rows])
        return neighbours.long(), _weights(_cumulative(cost, self.lambda_))


def accepted_rows(labels: np.ndarray, scores: np.ndarray, gamma: float) -> np.ndarray:
    """D_h+ = {y = 1, h > gamma} of section 4.1 as a mask (n,), from labels and h of each row.

    Raises
    ------
    InputError
        There is no such row; the message says which gamma would have some.
    """
    accepted: np.ndarray = (labels == 1) & (scores > gamma)
    if not accepted.any():
        positive = scores[labels == 1]
        if len(positive) == 0:
            raise InputError("D_h+ is empty: no training row has label 1; check the target column")
        if positive.max() <= 0.5:
            raise InputError(
                f"D_h+ is empty: h accepts no training row of label 1, its largest value is {positive.max():.4g}; "
                "is the classifier trained, and is label 1 its second column?"
            )
        tenth = max(np.sort(positive)[-max(1, len(positive) // 10)], 0.5)
        raise InputError(
            f"D_h+ is empty: no training row with label 1 has h > gamma = {gamma}; the largest h of one is "
            f"{positive.max():.4g}; gamma = {np.floor(tenth * 1000) / 1000:.3f} would leave at most a tenth of them"
        )
    return accepted


def split_rows(labels: np.ndarray, scores: np.ndarray, config: PairConfig) -> tuple[np.ndarray, np.ndarray]:
    """D_h- and D_h+ of section 4.1 as masks (n,), from labels and h of each row.

    Raises
    ------
    InputError
        One of the two is empty.
    """
    accepted_rows(labels, scores, config.gamma)
    denied, accepted = side_masks(labels, scores, config)
    if not denied.any():
        raise InputError(
            "D_h- is empty: h denies no training row of label 0, so there is nothing to learn from"
        )
    return denied, accepted


def side_masks(labels: np.ndarray, scores: np.ndarray, config: PairConfig) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`split_rows`, of rows that may lack a side: a part of all."""
    denied = scores <= config.gamma if config.denied == "code" else (labels == 0) & (scores <= 0.5)
    return denied, (labels == 1) & (scores > config.gamma)


def find_pairs(
    denied: np.ndarray,
    accepted: np.ndarray,
    constraints: FeatureConstraints,
    config: PairConfig,
    device: torch.device | str = "cpu",
) -> Pairs:
    """Q of each row of D_h- (n, D): its K nearest rows of D_h+ (N, D) under the cost and the constraints.

    Exact unless ``config.search`` says otherwise; kept in a table where ``config`` has the memory for it.

    A denied row without an accepted row of the same immutables is paired, with ``unmatched="nearest"``,
    by letting continuous immutables differ at their cost; the categorical ones still have to agree.

    Raises
    ------
    InputError
        No denied row has a possible answer.
    """
    targets = accepted[constraints.inside(accepted, constraints.categorical)]
    search = Search(
        denied,
        targets,
        constraints,
        config.top_k,
        relax=config.unmatched == "nearest",
        device=device,
        memory_mb=max(1, config.memory_mb // 4),
        approximate=config.search == "approximate",
    )
    if not search.possible.any():
        raise InputError(
            f"none of {len(denied)} denied rows has a row of D_h+ ({len(accepted)} rows, {len(targets)} of them in "
            "the allowed ranges) with the same immutable values and allowed changes: "
            "make fewer features immutable, loosen the constraints, or lower gamma"
        )
    rows = torch.from_numpy(np.flatnonzero(search.possible)).to(device)
    found = {
        "sources": denied if len(rows) == len(denied) else denied[search.possible],
        "targets": targets,
        "n_relaxed": int(search.relaxed.sum()),
        "n_unmatched": int((~search.possible).sum()),
        "recall": search.recall,
    }
    if _is_kept(len(rows), search.k, config):
        neighbours, cumulative = _table(search, rows, config.lambda_)
        return TablePairs(**found, neighbours=neighbours, cumulative=cumulative)
    return SearchedPairs(**found, search=search, rows=rows, lambda_=config.lambda_)


def _is_kept(n_sources: int, k: int, config: PairConfig) -> bool:
    """Whether Q is kept in a table; a quarter of the memory is left to the costs of a block."""
    if config.table != "auto":
        return config.table == "on"
    return n_sources * k * 8 <= (config.memory_mb << 20) * 3 // 4


def _table(search: Search, rows: Tensor, lambda_: float) -> tuple[Tensor, Tensor]:
    """Neighbours, int32, and cumulative Q, float32, of possible rows (M,): both (M, K)."""
    neighbours = torch.zeros(len(rows), search.k, dtype=torch.int32, device=rows.device)
    cumulative = torch.ones(len(rows), search.k, device=rows.device)
    for block in search.blocks(rows):
        size = block.cost.shape[1]
        neighbours[block.rows, :size] = block.indices
        cumulative[block.rows, :size] = _cumulative(block.cost, lambda_)
    return neighbours, cumulative


def _likeness(cost: Tensor, least: Tensor, lambda_: float) -> Tensor:
    """Unnormalised Q of costs (B, K), double; the nearest, of cost ``least`` (B, 1), has 1: no underflow."""
    return torch.where(torch.isfinite(cost), torch.exp(-lambda_ * (cost - least).double()), 0.0)


def _cumulative(cost: Tensor, lambda_: float) -> Tensor:
    """Cumulative Q (eq. 6) of rising costs (B, K), inf where there is no neighbour: float32."""
    likeness = _likeness(cost, cost[:, :1], lambda_)
    cumulative = (likeness.cumsum(1) / likeness.sum(1, keepdim=True)).float()
    last = torch.isfinite(cost).sum(1) - 1
    return cumulative.masked_fill_(torch.arange(cost.shape[1], device=cost.device) >= last[:, None], 1.0)


def _weights(cumulative: Tensor) -> Tensor:
    """Q from its cumulative sum (B, K)."""
    return torch.diff(cumulative, dim=1, prepend=torch.zeros_like(cumulative[:, :1]))


def _at(cumulative: Tensor, neighbours: Tensor, uniform: Tensor) -> Tensor:
    """The neighbour (B,) at which the cumulative Q (B, K) passes ``uniform`` (B, 1)."""
    index = torch.searchsorted(cumulative, uniform, right=True).clamp_(max=cumulative.shape[1] - 1)
    return neighbours.gather(1, index).squeeze(1).long()
