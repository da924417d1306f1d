"""The paper's preset, and its Score by the paper's rule as the steps go on: a control.

At full length it takes most of an hour of a core. The training's state and the snapshots are kept in the cache until it
is done, so that a run that was stopped goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks.studies.ablation.base import Base, drawn
from carla_genre.generator.config import Training
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.trainer import Trainer
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol.cache import default_folder
from carla_genre.selection.by_h import most_valid

# The validation loss is measured every so many steps, and the Score when these have doubled.
EVERY = 5


class Snapshot(NamedTuple):
    """What the processor has worked so far, the validation loss, and the weights."""

    cpu_s: float
    loss: float
    weights: dict[str, Tensor]


class Watched(Trainer):
    """A training that keeps snapshots; it may end when the processor has worked for so many seconds.

    Attributes
    ----------
    seen : dict of int to Snapshot
        By the steps done: at 5, 10, 20, 40, ..., and at the end with the best weights. Kept beside the checkpoint.
    """

    def __init__(
        self, generator: Generator, pairs: Pairs, config: Training, seed: int, seconds: float | None
    ) -> None:
        super().__init__(generator, pairs, config, seed, verbose=False)
        self.every, self.limit, self.over = EVERY, seconds, False
        self.seen: dict[int, Snapshot] = {}
        self.start = time.process_time()
        assert config.checkpoint is not None
        self.kept = Path(config.checkpoint).with_suffix(".seen")

    def _resume(self) -> None:
        super()._resume()
        if self.step:  # the snapshots, and the seconds until the checkpoint
            kept = torch.load(self.kept, weights_only=True)
            self.seen = {step: Snapshot(*parts) for step, parts in kept["seen"].items() if step <= self.step}
            self.start -= kept["took"]

    def _save(self) -> None:
        seen = {step: tuple(snapshot) for step, snapshot in self.seen.items()}
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"took": time.process_time() - self.start, "seen": seen}, self.kept)
        super()._save()

    def _evaluate(self, train_loss: float) -> None:
        super()._evaluate(train_loss)
        took = time.process_time() - self.start
        self.over = self.limit is not None and took > self.limit
        if self.over or self.step == self.n_steps:  # the weights that the training ends with are its best
            self.seen[self.step] = Snapshot(took, min(self.history.validation), self.best)
        elif self.step == EVERY * 2 ** len(self.seen):
            weights = {name: weight.clone() for name, weight in self.generator.state_dict().items()}
            self.seen[self.step] = Snapshot(took, self.history.validation[-1], weights)

    def _is_over(self) -> bool:
        return self.over


class PaperPreset(GenRe):
    """The paper's preset, trained to its end, or for ``limit`` seconds of the processor."""

    trainer: Watched

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any], limit: float | None) -> None:
        self.limit = limit
        super().__init__(mlmodel, {"preset": "paper", "threads": 1, **hyperparams})

    def _prepare(self) -> None:
        generator, pairs = self._untrained()
        config, seed = self._config.training, self.hyperparams["seed"]
        self.gamma = self.hyperparams["gamma"]
        self.trainer = Watched(generator, pairs, config, seed, self.limit)
        self.history = self.trainer.fit()
        self.trainer.kept.unlink(missing_ok=True)
        self.generator, self.device = generator.eval(), generator.device


def measured(base: Base) -> Iterator[dict[str, Any]]:
    """A row of figures for each snapshot, by the paper's rule; ``full_length`` is what the preset would train for."""
    plan = base.plan
    name = f"control_{base.data}_seed{base.seed}_{plan.rows or 'all'}_{plan.control_minutes or 'full'}.checkpoint"
    given = {"seed": base.seed, "verbose": False, "training": {"checkpoint": str(default_folder() / name)}}
    limit = plan.control_minutes and plan.control_minutes * 60
    genre = PaperPreset(base.setting.mlmodel, given, limit)
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
