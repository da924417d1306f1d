"""What a step learns from: factuals, answers drawn from Q, and the labels of their features.

A draw x+ from Q tells of feature j one bin alone. But Q is known: among the nearest targets of a factual, those that
agree with x+ in the features before j have a share of its weight, and the bins that they take at j are
Q(x+_j | x+_1 ... x+_{j-1}, x). As a label in the place of the drawn bin, this distribution gives the loss the same mean
and less noise (Rao and Blackwell): one factual teaches a step what many draws would.

Shapes: B factuals, K neighbours each, D features, M bins.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from carla_genre.generator.config import Training
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.randomness import sample_categorical


class Example(NamedTuple):
    """Arguments of :meth:`Generator.loss`: values of x and x+, (B, D), and labels (B, D, K) unless x+ is its own."""

    factual: Tensor
    answer: Tensor
    labels: Tensor | None


class Examples:
    """Draws of Q for the sources of pairs, which lie on the generator's device."""

    def __init__(self, generator: Generator, pairs: Pairs, config: Training) -> None:
        self.pairs, self.bins = pairs, generator.answer_bins
        device = generator.device
        self.sources = torch.from_numpy(pairs.sources).to(device)
        self.targets = torch.from_numpy(pairs.targets).to(device)
        self.immutable = torch.from_numpy(generator.constraints.immutable).to(device)
        self.conditional = config.conditional
        self.target_bins = self.bins.index(self.targets).int() if self.conditional else None
        self.kernel = self.bins.kernel() if self.conditional and config.soft_labels else None

    def draw(self, rows: Tensor, uniform: Tensor) -> Example:
        """One example for each source of ``rows`` (B,), from numbers in [0, 1), (B, 1).

        An immutable that differs is given, as it will be in sampling.
        """
        labels = None
        if self.target_bins is None:
            targets = self.pairs.target_at(rows, uniform)
        else:
            near, weights = self.pairs.near(rows)
            targets = near.gather(1, sample_categorical(weights, uniform)).squeeze(1)
            bins, answer = self.target_bins[near].long(), self.target_bins[targets].long()
            labels = conditional_labels(bins, weights, answer, self.immutable, self.bins.size)
            if self.kernel is not None:
                labels = torch.einsum("bdk,dkl->bdl", labels, self.kernel)
        source = self.sources[rows]
        return Example(source, torch.where(self.immutable, source, self.targets[targets]), labels)


def conditional_labels(near: Tensor, weights: Tensor, answer: Tensor, given: Tensor, n_bins: int) -> Tensor:
    """Each feature's distribution over bins under Q, given the answer's features before it: (B, D, M).

    ``near`` (B, K, D), long, are the bins of each factual's nearest targets, and ``weights`` (B, K) is Q over them.
    ``answer`` (B, D), long, are the bins of one of them, drawn from Q. The features ``given`` (D,), bool, are the
    factual's own, whatever a target has; their distributions are not to be used.
    """
    agrees = (near == answer.unsqueeze(1)) | given
    before = torch.cat([torch.ones_like(agrees[..., :1]), agrees[..., :-1]], dim=-1).cumprod(-1)
    share = weights.unsqueeze(-1) * before  # (B, K, D)
    share = share / share.sum(1, keepdim=True).clamp_(min=torch.finfo(share.dtype).tiny)
    labels = share.new_zeros(len(near), near.shape[2], n_bins)
    return labels.scatter_add_(2, near.transpose(1, 2), share.transpose(1, 2))
