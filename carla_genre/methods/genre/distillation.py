"""GenRe's generator trained further on the answers that the rule "expected" chooses, so that few draws do."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from carla_genre.generator.config import PRESETS, Training
from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, TablePairs
from carla_genre.generator.sampler import sample
from carla_genre.methods.genre.hyperparameters import MANY
from carla_genre.selection.selector import denied_people

if TYPE_CHECKING:
    from carla_genre.methods.genre.method import GenRe

log = logging.getLogger(__name__)

# Denied training rows that answers are chosen for, and candidates of each.
PEOPLE = 1000
CANDIDATES = 30
# Of the preset's steps and epochs.
SHARE = 0.5


class _NobodyAnswered(Exception):
    """There is no answer to learn from."""


def distil(genre: GenRe) -> None:
    """Train a GenRe's generator further on (person, chosen answer), in place; which answer is best the rule says.

    A step of policy improvement by expert iteration (Anthony, Tian and Barber, NeurIPS 2017): the expert is the
    generator with the choice among many of its draws, and the generator learns to draw what the expert answers.

    Where ``risk`` is given the rule is fitted again, since its bound has to hold for the answers of the generator
    that is asked. What is learned from is chosen without the bound: the surest answer to somebody is the best to learn
    though it may be too unsure to be given.
    """
    start = time.perf_counter()
    values, whole = genre.hyperparams, genre.generator.config
    training = second_training(PRESETS[values["preset"]].training, whole.training)

    def untrained() -> tuple[Generator, Pairs]:
        pairs = chosen_pairs(genre)
        genre.generator.config = replace(whole, training=training)  # processes elsewhere are told by it
        return genre.generator, pairs

    try:
        generator, _ = fit(
            untrained, training, genre.device, values["seed"], values["verbose"], "GenRe, distilling"
        )
    except _NobodyAnswered:
        log.warning(
            "the generator is not distilled: of its candidates h accepts none, for any of the denied training rows"
        )
        return
    generator.config = whole  # as it was asked for
    genre.generator, genre.device = generator.eval(), generator.device
    genre.seconds["distilling"] = time.perf_counter() - start
    if values["risk"] is not None:
        del genre.choice
        _ = genre.choice


def chosen_pairs(genre: GenRe) -> TablePairs:
    """Denied training people and, as the one target of each, the answer that the rule chooses."""
    seed, generator = genre.hyperparams["seed"], genre.generator
    denied = denied_people(genre.labelled_rows)
    drawn = np.random.default_rng(seed).permutation(len(denied))[:PEOPLE]
    people = denied[np.sort(drawn)]
    sampling = replace(MANY, n_samples=CANDIDATES)
    candidates = sample(generator, torch.from_numpy(people), sampling, seed).numpy()
    answers = genre.choice._replace(least=0.0).choose(people, candidates, genre.scores(candidates)).answers
    answered = ~np.isnan(answers).any(axis=1)
    if not answered.any():
        raise _NobodyAnswered
    places = torch.arange(answered.sum(), dtype=torch.int32, device=generator.device)[:, None]
    return TablePairs(
        sources=people[answered],
        targets=answers[answered],
        n_unmatched=int((~answered).sum()),
        neighbours=places,
        cumulative=torch.ones(places.shape, device=generator.device),
    )


def second_training(preset: Training, first: Training) -> Training:
    """As the first one, for a share of the preset's steps or epochs, whatever its own are: the people are as many.

    A file of an interrupted training is not for this one.
    """
    short = preset.shortened(SHARE)
    epochs = None if first.epochs is None else short.epochs
    return replace(first, steps=short.steps, epochs=epochs, checkpoint=None)
