"""What a step learns from: factuals, answers drawn from Q, and what is to be said of them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from carla_genre.generator.config import Training
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.conditionals import conditional_labels
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.randomness import sample_categorical


class Example(NamedTuple):
    """Arguments of :meth:`Generator.loss`: values of x and x+, (B, D), and labels (B, D, K) unless x+ is its own."""

    factual: Tensor
    answer: Tensor
    labels: Tensor | None


class Examples:
    """Draws of Q for the sources of pairs.

    Parameters
    ----------
    generator : Generator
    pairs : Pairs
        On the generator's device.
    config : Training
        ``conditional`` and ``soft_labels`` count.
    """

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
