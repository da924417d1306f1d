"""Training pairs: Q(x+|x) of eq. 6, truncated to the K nearest rows of D_h+ (Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.neighbours import nearest_targets
from carla_genre.generator.rules import Rules


@dataclass(frozen=True)
class Pairs:
    """Sources, targets and the weights between them.

    Parameters
    ----------
    sources : ndarray (M, D), float64
        Denied rows that have at least one possible answer in D_h+.
    targets : ndarray (N, D), float64
        D_h+, as far as it is in the allowed ranges.
    neighbours : Tensor (M, K), int32
        Each source's nearest targets, by rising cost.
    cumulative : Tensor (M, K), float32
        Cumulative Q over them; 1 from the last possible neighbour on.
    n_relaxed : int
        Sources without a target of the same immutables, paired with those nearest in them.
    n_unmatched : int
        Denied rows left out because no target was possible.
    """

    sources: np.ndarray
    targets: np.ndarray
    neighbours: Tensor
    cumulative: Tensor
    n_relaxed: int
    n_unmatched: int

    def __len__(self) -> int:
        return len(self.sources)

    def draw(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """One target for each source of ``rows`` (B,), drawn from Q: long (B,)."""
        uniform = torch.rand(len(rows), 1, generator=generator, device=rows.device)
        place = torch.searchsorted(self.cumulative[rows], uniform, right=True)
        place = place.clamp_(max=self.cumulative.shape[1] - 1)
        return self.neighbours[rows].gather(1, place).squeeze(1).long()

    def weights(self) -> Tensor:
        """Q itself, (M, K)."""
        return torch.diff(self.cumulative, dim=1, prepend=torch.zeros_like(self.cumulative[:, :1]))


def accepted_rows(labels: np.ndarray, scores: np.ndarray, gamma: float) -> np.ndarray:
    """D_h+ = {y = 1, h > gamma} of section 4.1 as a mask (n,), from labels and h of each row.

    Raises
    ------
    InputError
        There is no such row; the message says which gamma would have some.
    """
    accepted = (labels == 1) & (scores > gamma)
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
    """D_h- and D_h+ of section 4.1 as masks.

    Parameters
    ----------
    labels : ndarray (n,)
        0 and 1.
    scores : ndarray (n,)
        h of each row.

    Raises
    ------
    InputError
        One of the two is empty.
    """
    accepted = accepted_rows(labels, scores, config.gamma)
    denied = scores <= config.gamma if config.denied == "code" else (labels == 0) & (scores <= 0.5)
    if not denied.any():
        raise InputError(
            "D_h- is empty: h denies no training row of label 0, so there is nothing to learn from"
        )
    return denied, accepted


def find_pairs(
    denied: np.ndarray,
    accepted: np.ndarray,
    rules: Rules,
    config: PairConfig,
    device: torch.device | str = "cpu",
) -> Pairs:
    """Each denied row's K nearest accepted rows under the cost and the constraints, exactly.

    A denied row without an accepted row of the same immutables is paired, with ``unmatched="nearest"``,
    by letting continuous immutables differ at their cost; the categorical ones still have to agree.

    Parameters
    ----------
    denied : ndarray (n, D)
        D_h-.
    accepted : ndarray (N, D)
        D_h+.

    Raises
    ------
    InputError
        No denied row has a possible answer.
    """
    targets = accepted[rules.inside(accepted, rules.categorical)]
    near = nearest_targets(
        denied, targets, rules, config.top_k, relax=config.unmatched == "nearest", device=device
    )
    matched = torch.isfinite(near.cost[:, 0]).numpy()
    if not matched.any():
        raise InputError(
            f"none of {len(denied)} denied rows has a row of D_h+ ({len(accepted)} rows, {len(targets)} of them in "
            "the allowed ranges) with the same immutable values and allowed changes: "
            "make fewer features immutable, loosen the constraints, or lower gamma"
        )
    return Pairs(
        sources=denied[matched],
        targets=targets,
        neighbours=near.places[matched].to(device),
        cumulative=_cumulative(near.cost[matched], config.lambda_).to(device),
        n_relaxed=int(near.relaxed.sum()),
        n_unmatched=int((~matched).sum()),
    )


def _cumulative(cost: Tensor, lambda_: float) -> Tensor:
    """Cumulative Q (eq. 6) of rising costs (M, K), inf where there is no neighbour."""
    weight = torch.exp(-lambda_ * (cost - cost[:, :1]).double())  # the nearest has weight 1: no underflow
    weight = torch.where(torch.isfinite(cost), weight, 0.0)
    cumulative = (weight.cumsum(1) / weight.sum(1, keepdim=True)).float()
    last = torch.isfinite(cost).sum(1) - 1
    cumulative[torch.arange(cost.shape[1]) >= last[:, None]] = 1.0
    return cumulative
