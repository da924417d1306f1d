"""The generator: bins of both sides, and the transformer between them."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from carla_genre.generator.bins import Bins
from carla_genre.generator.config import GeneratorConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.patches import PatchedTransformer
from carla_genre.generator.transformer import RecourseTransformer


class Generator(nn.Module):
    """R(x+|x) over encoded rows: values in, logits or a loss out.

    Parameters
    ----------
    config : GeneratorConfig
    constraints : FeatureConstraints
        The features' constraints; an immutable position is given, not learned.
    factual_bins, answer_bins : Bins
        Those of D_h- and D_h+ together, which read a factual, and those of D_h+, which an answer is made of.
    """

    def __init__(
        self, config: GeneratorConfig, constraints: FeatureConstraints, factual_bins: Bins, answer_bins: Bins
    ) -> None:
        super().__init__()
        self.config = config
        self.factual_bins, self.answer_bins = factual_bins, answer_bins
        network = PatchedTransformer if config.architecture.patch > 1 else RecourseTransformer
        self.transformer = network(config.architecture, factual_bins.size, answer_bins.exists)
        self._hold(constraints)

    constraints: FeatureConstraints
    learned: Tensor

    def _hold(self, constraints: FeatureConstraints) -> None:
        self.constraints = constraints
        learned = torch.from_numpy(~constraints.immutable).to(self.device)
        self.register_buffer("learned", learned, persistent=False)
        points = self.answer_bins.representatives.cpu().numpy()
        outside = (points < constraints.lower[:, None]) | (points > constraints.upper[:, None])
        forbidden = (outside & np.isfinite(points)).any(axis=1) & ~constraints.categorical
        self.limited = forbidden | (constraints.direction != 0)  # (D,): not every bin is everybody's

    @classmethod
    def for_pairs(
        cls, config: GeneratorConfig, constraints: FeatureConstraints, n_levels: np.ndarray, pairs: Pairs
    ) -> Generator:
        """An untrained generator whose bins fit the pairs; its weights come from torch's global state."""
        answer_bins = Bins.fit(pairs.targets, n_levels, config.binning)
        both = np.concatenate([pairs.sources, pairs.targets])
        return cls(config, constraints, Bins.fit(both, n_levels, config.binning), answer_bins)

    def with_constraints(self, constraints: FeatureConstraints) -> Generator:
        """The same weights, that draw under other constraints; what was immutable in training has to stay so."""
        other = copy.copy(self)  # not built anew, which draws weights
        other._buffers = dict(self._buffers)
        other._hold(constraints)
        return other

    @property
    def device(self) -> torch.device:
        """Where it lives."""
        return self.transformer.start.device

    def logits(self, factual: Tensor, answer: Tensor) -> Tensor:
        """Values (B, D), (B, D) -> (B, D, K)."""
        index = self.answer_bins.index(answer)
        value = self.answer_bins.value(index).float()
        logits: Tensor = self.transformer(self.factual_bins.index(factual), factual.float(), index, value)
        return logits

    def loss(self, factual: Tensor, answer: Tensor, labels: Tensor | None = None) -> Tensor:
        """Cross entropy summed over the features that may change (eq. 8): (B, D), (B, D) -> (B,).

        With hard labels it is -log R(x+|x) over bins. ``labels`` (B, D, K) are distributions over bins, to be
        learned in the place of the answer's own.
        """
        logits = self.logits(factual, answer).float()
        if labels is None and not self.config.training.soft_labels:
            index = self.answer_bins.index(answer)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), index.flatten(), reduction="none")
            loss = loss.view(index.shape)
        else:
            if labels is None:
                labels = self.answer_bins.soft_labels(answer)
            log_probability = logits.log_softmax(-1).masked_fill(~self.answer_bins.exists, 0.0)
            loss = -(labels * log_probability).sum(-1)
        return (loss * self.learned).sum(-1)
