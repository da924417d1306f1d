"""Distillation: the generator learns to draw what the rule "expected" chooses, so that few draws are enough."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import torch

from carla_genre.generator.config import Training
from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, TablePairs
from carla_genre.generator.sampler import sample
from carla_genre.methods.genre.hyperparameters import MANY
from carla_genre.selection import ExpectedScoreSelector

log = logging.getLogger(__name__)

# Denied training rows that answers are chosen for, and candidates of each.
FACTUALS = 1000
CANDIDATES = 30
# Of the preset's steps and epochs.
SHARE = 0.5


class _NothingToLearn(Exception):
    """No candidate of any denied row is accepted."""


def distil(
    generator: Generator,
    selector: ExpectedScoreSelector,
    denied: np.ndarray,
    training: Training,
    seed: int,
    verbose: bool,
) -> Generator:
    """Train a generator further on pairs of a denied row and the answer that the selector chooses for it.

    This is a step of policy improvement by expert iteration (Anthony, Tian and Barber, NeurIPS 2017). The expert is
    the generator with the choice among many of its draws; the generator learns to draw what the expert answers. An
    answer that is too uncertain to be given is learned from all the same: it is the best that there is.

    ``denied`` (n, D) are encoded denied training rows. The generator is trained in place, unless other processes train
    it. It stays as it is where no candidate of any denied row is accepted. The returned one is in eval mode.
    """

    def untrained() -> tuple[Generator, Pairs]:
        return generator, chosen_pairs(generator, selector, denied, seed)

    try:
        trained, _ = fit(untrained, training, generator.device, seed, verbose, "GenRe, distilling")
    except _NothingToLearn:
        log.warning(
            "the generator is not distilled: of its candidates h accepts none, for any of the denied training rows"
        )
        return generator
    return trained.eval()


def chosen_pairs(
    generator: Generator,
    selector: ExpectedScoreSelector,
    denied: np.ndarray,
    seed: int,
    n_factuals: int = FACTUALS,
) -> TablePairs:
    """At most ``n_factuals`` denied rows and, as the one target of each, the answer that the selector chooses."""
    drawn = np.random.default_rng(seed).permutation(len(denied))[:n_factuals]
    factuals = denied[np.sort(drawn)]
    sampling = replace(MANY, n_samples=CANDIDATES)
    candidates = sample(generator, torch.from_numpy(factuals), sampling, seed).numpy()
    scores = selector.objective.h(selector.objective.states(factuals[:, None], candidates))
    answers = replace(selector, least_probability=0.0).select(factuals, candidates, scores).answers
    answered = ~np.isnan(answers).any(axis=1)
    if not answered.any():
        raise _NothingToLearn
    neighbours = torch.arange(int(answered.sum()), dtype=torch.int32, device=generator.device)[:, None]
    return TablePairs(
        sources=factuals[answered],
        targets=answers[answered],
        n_unmatched=int((~answered).sum()),
        neighbours=neighbours,
        cumulative=torch.ones(neighbours.shape, device=generator.device),
    )


def second_training(preset: Training, first: Training) -> Training:
    """As the first training, for a share of the preset's steps or epochs.

    Whatever the first one's length, the denied rows are as many. A file of an interrupted training is not for this one.
    """
    short = preset.shortened(SHARE)
    epochs = None if first.epochs is None else short.epochs
    return replace(first, steps=short.steps, epochs=epochs, checkpoint=None)
