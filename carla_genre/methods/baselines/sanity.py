"""Floors that any method must beat: if a measure does not put them where they belong, it is broken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from carla_genre.generator.config import PairConfig
from carla_genre.generator.randomness import row_keys, uniforms
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.options import option_of

# Numbers compared at a time.
BLOCK = 1 << 22


class CopyFactual(SchemaMethod):
    """The factual itself: cost 0, nothing violated, and refused by h as before."""

    REFUSED_IS_FAILURE = False

    def _answer(self, values: np.ndarray) -> np.ndarray:
        return values.copy()


@dataclass(frozen=True)
class RandomAcceptedOptions(MethodOptions):
    gamma: float = option_of(PairConfig, "gamma")


class RandomAccepted(SchemaMethod):
    """A random row of D_h+ = {y = 1, h > gamma}: valid and plausible, at no small cost.

    Drawn evenly among the rows that the factual's constraints allow; where they allow none, among all,
    with what may not change put back.
    """

    OPTIONS = RandomAcceptedOptions()

    def _prepare(self) -> None:
        rows = self.training_rows
        self._targets = rows.values[rows.accepted(self.hyperparams["gamma"])]

    def _answer(self, values: np.ndarray) -> np.ndarray:
        keys = row_keys(torch.from_numpy(values), self.hyperparams["seed"])
        uniform = uniforms(keys, 0, 1).numpy()[:, 0]
        answers = np.empty_like(values)
        size = max(1, BLOCK // self._targets.size)
        for start in range(0, len(values), size):
            part = slice(start, start + size)
            possible = self.schema.allowed(values[part, None], self._targets)  # (b, N)
            possible |= ~possible.any(axis=1, keepdims=True)
            rank = (uniform[part] * possible.sum(axis=1)).astype(int)
            index = (possible.cumsum(axis=1) > rank[:, None]).argmax(axis=1)
            answers[part] = self._targets[index]
        return self.schema.constrain(values, answers)
