"""Two variants of GenRe, rows of the table: told what is frozen, R(x+ | x, m); and without the search by ascents.

Random features of each step's factuals are frozen. A target has the factual's own frozen values put back, as far as h
accepts what comes out. The transformer reads a frozen value by another row of the factual's embedding table. Draws stay
exact by the sampler's masks; the choice and the search are GenRe's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from carla_genre.generator.bins import Bins
from carla_genre.generator.config import GeneratorConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.examples import Example, Examples, conditional_labels
from carla_genre.generator.randomness import sample_categorical
from carla_genre.generator.trainer import Trainer
from carla_genre.methods.genre.method import GenRe
from carla_genre.selection import ExpectedScoreSelector

# Nearest targets of a factual that h is asked about, with what is frozen put back.
NEAR = 40


class TellingBins(Bins):
    """A factual's bins, in a second table of them where the value is frozen (D,)."""

    frozen: Tensor

    @classmethod
    def of(cls, bins: Bins, immutable: np.ndarray) -> TellingBins:
        """The bins of a trained schema, for features (D,) that are immutable."""
        told = cls(bins.representatives, bins.widths, bins.categorical)
        told.frozen = torch.from_numpy(immutable)
        return told

    @property
    def size(self) -> int:
        """Both tables'."""
        return 2 * self.representatives.shape[1]

    def index(self, values: Tensor) -> Tensor:
        """See :meth:`Bins.index`. Values (B, 2 D) have their own flags behind them."""
        d = self.n_features
        frozen = values[:, d:] > 0 if values.shape[-1] > d else self.frozen
        return super().index(values[:, :d]) + self.representatives.shape[1] * frozen


class ConditionedGenerator(Generator):
    """R(x+ | x, m)."""

    def __init__(
        self, config: GeneratorConfig, constraints: FeatureConstraints, factual_bins: Bins, answer_bins: Bins
    ) -> None:
        told = TellingBins.of(factual_bins, constraints.immutable)
        super().__init__(config, constraints, told, answer_bins)

    def with_constraints(self, constraints: FeatureConstraints) -> Generator:
        """See :meth:`Generator.with_constraints`; what is immutable is told."""
        other = ConditionedGenerator(self.config, constraints, self.factual_bins, self.answer_bins)
        other.transformer = self.transformer
        return other.train(self.training)

    def loss(self, factual: Tensor, answer: Tensor, labels: Tensor | None = None) -> Tensor:
        """See :meth:`Generator.loss`; a factual (B, 2 D) is followed by what is frozen."""
        d = answer.shape[1]
        index = self.answer_bins.index(answer)
        value = self.answer_bins.value(index).float()
        logits = self.transformer(self.factual_bins.index(factual), factual[:, :d].float(), index, value)
        log_probability = logits.float().log_softmax(-1).masked_fill(~self.answer_bins.exists, 0.0)
        loss: Tensor = (-(labels * log_probability).sum(-1) * (factual[:, d:] == 0)).sum(-1)
        return loss


class MaskedExamples(Examples):
    """Draws of Q under random masks; a factual without an accepted target teaches nothing."""

    def __init__(self, trainer: Trainer, method: GenRe) -> None:
        super().__init__(trainer.generator, trainer.pairs, trainer.config)
        self.random, self.method = trainer.random, method
        self.bins_of_targets = self.bins.index(self.targets)

    def draw(self, rows: Tensor, uniform: Tensor) -> Example:
        """See :meth:`Examples.draw`."""
        near, weights = self.pairs.near(rows)
        near, weights = near[:, :NEAR], weights[:, :NEAR]
        source = self.sources[rows]
        frozen = self._masks(len(rows))
        put_back = torch.where(frozen[:, None], source[:, None], self.targets[near])
        accepted = torch.from_numpy(self.method.scores(put_back.numpy())) > self.method.gamma
        weights = weights * accepted
        there = weights.sum(1, keepdim=True) > 0
        column = sample_categorical(torch.where(there, weights, 1.0), uniform)
        targets = near.gather(1, column).squeeze(1)
        bins = torch.where(frozen[:, None], 0, self.bins_of_targets[near])
        answer = torch.where(frozen, 0, self.bins_of_targets[targets])
        labels = conditional_labels(bins, weights, answer, self.immutable, self.bins.size) * there[..., None]
        given = torch.where(frozen, source, self.targets[targets])
        return Example(torch.cat([source, frozen.double()], dim=1), given, labels)

    def _masks(self, n: int) -> Tensor:
        """From nothing to all but two of the features that may change, bool (n, D); nothing for a third."""
        free = ~self.immutable
        most = max(0, int(free.sum()) - 2)
        count = torch.randint(0, most + 1, (n, 1), generator=self.random)
        count *= torch.rand(n, 1, generator=self.random) > 1 / 3
        rank = torch.where(free, torch.rand(n, len(free), generator=self.random), 2.0).argsort(1).argsort(1)
        return (rank < count) | self.immutable


class ConditionedGenRe(GenRe):
    """GenRe by one generator that is told what is frozen."""

    def _train(self) -> None:
        self.gamma = self._raw(self.hyperparams["gamma"])
        self._config = replace(self._config, pairs=replace(self._config.pairs, gamma=self.gamma))
        plain, pairs = self._untrained()
        told = ConditionedGenerator(plain.config, plain.constraints, plain.factual_bins, plain.answer_bins)
        trainer = Trainer(told, pairs, self._config.training, self.hyperparams["seed"], False)
        trainer.examples = MaskedExamples(trainer, self)
        trainer.held_out = trainer._draw_held_out()
        trainer.fit()
        self.generator = told.eval()
        self._selector = self._fit_selector()


class UnsearchedGenRe(GenRe):
    """GenRe as its draws are: whom h accepts none of them for is not searched for."""

    @property
    def selector(self) -> ExpectedScoreSelector:
        """Without moves."""
        return replace(super().selector, moves=None)
