"""The paper's preset, and its Score by the paper's rule as the steps go on: a control, as far as a processor goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from benchmarks.studies.ablation.base import Base, drawn
from carla_genre.generator.config import Training
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.trainer import Trainer
from carla_genre.methods.genre.method import GenRe
from carla_genre.selection.by_h import most_valid

# The validation loss is measured every so many steps, and the Score when these have doubled.
EVERY = 5


class Snapshot(NamedTuple):
    """What the processor has worked so far, the validation loss, and the weights."""

    cpu_s: float
    loss: float
    weights: dict[str, Tensor]


class Watched(Trainer):
    """A training of unknown length: it ends when the processor has worked for so many seconds.

    Attributes
    ----------
    seen : dict of int to Snapshot
        By the steps done: at 5, 10, 20, 40, ... and at the end.
    """

    def __init__(
        self, generator: Generator, pairs: Pairs, config: Training, seed: int, seconds: float
    ) -> None:
        super().__init__(generator, pairs, config, seed, verbose=False)
        self.every, self.next, self.limit, self.over = EVERY, EVERY, seconds, False
        self.seen: dict[int, Snapshot] = {}
        self.start = time.process_time()

    def _evaluate(self, train_loss: float) -> None:
        super()._evaluate(train_loss)
        took = time.process_time() - self.start
        self.over = took > self.limit
        if self.step == self.next or self.over:
            weights = {name: weight.clone() for name, weight in self.generator.state_dict().items()}
            self.seen[self.step] = Snapshot(took, self.history.validation[-1], weights)
            self.next *= 2

    def _is_over(self) -> bool:
        return self.over


class PaperPreset(GenRe):
    """The paper's preset, trained for ``limit`` seconds of the processor."""

    trainer: Watched

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any], limit: float) -> None:
        self.limit = limit
        super().__init__(mlmodel, {"preset": "paper", "threads": 1, **hyperparams})

    def _prepare(self) -> None:
        generator, pairs = self._untrained()
        config, seed = self._config.training, self.hyperparams["seed"]
        self.gamma = self.hyperparams["gamma"]
        self.trainer = Watched(generator, pairs, config, seed, self.limit)
        self.history = self.trainer.fit()
        self.generator, self.device = generator.eval(), generator.device


def measured(base: Base) -> Iterator[dict[str, Any]]:
    """A row of figures for each snapshot, by the paper's rule; ``full_length`` is what the preset would train for."""
    given = {"seed": base.seed, "verbose": False}
    genre = PaperPreset(base.setting.mlmodel, given, base.plan.control_minutes * 60)
    for steps, snapshot in genre.trainer.seen.items():
        genre.generator.load_state_dict(snapshot.weights)
        found = drawn(genre, base.setting, 10.0, 10)
        yield {
            "steps": steps,
            "full_length": genre.trainer.n_steps,
            "train_cpu_s": snapshot.cpu_s,
            "validation_loss": snapshot.loss,
            **base.figures(most_valid(found.rows, found.scores)),
        }
