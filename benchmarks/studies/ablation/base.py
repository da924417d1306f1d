"""One seed of the protocol with GenRe trained on it, and its candidates for the denied people."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np

from carla_genre.evaluation.validity import valid
from carla_genre.generator.config import DEFAULT
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.cache import default_folder
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection import ExpectedScoreSelector

Result = TypeVar("Result")


@dataclass(frozen=True)
class Plan:
    """The sizes of the study.

    Parameters
    ----------
    factuals : int
        Denied people.
    rows : int, optional
        At most so many training rows.
    steps : int
        Of a training.
    control_minutes : float, optional
        Of the processor, at most, for the paper's training; else it has its full length.
    """

    factuals: int = 200
    rows: int | None = None
    steps: int = DEFAULT.training.steps
    control_minutes: float | None = None


class Candidates(NamedTuple):
    """Encoded factuals (B, D), their candidates (B, N, D), h of these (B, N), and what both took of the processor."""

    values: np.ndarray
    rows: np.ndarray
    scores: np.ndarray
    cpu_s: float


class Base:
    """What the parts of the study share for a data set and a seed; each is made when it is first asked for.

    Parameters
    ----------
    data, seed, root
        As :func:`carla_genre.protocol.prepare` takes them.
    plan : Plan
    """

    def __init__(self, data: str, seed: int, root: str | os.PathLike[str] | None, plan: Plan) -> None:
        self.data, self.seed, self.root, self.plan = data, seed, root, plan
        self._drawn: dict[tuple[float, int], Candidates] = {}

    @cached_property
    def setting(self) -> Setting:
        """Data, h, people and judge."""
        plan = self.plan
        return prepare(self.data, self.seed, plan.factuals, self.root, rows=plan.rows, cache=default_folder())

    @property
    def hyperparams(self) -> dict[str, Any]:
        """What every GenRe of the study is given."""
        return {"seed": self.seed, "verbose": False, "training": {"steps": self.plan.steps}}

    @cached_property
    def genre(self) -> GenRe:
        """By the default."""
        return GenRe(self.setting.mlmodel, self.hyperparams)

    @property
    def selector(self) -> ExpectedScoreSelector:
        """Its rule."""
        return self.genre.selector

    @cached_property
    def rows(self) -> TrainingRows:
        """The training rows, their labels, and h of them."""
        return self.genre.training_rows

    def drawn(self, temperature: float, n: int) -> Candidates:
        """Candidates of the default generator, kept for who asks again."""
        key = temperature, n
        if key not in self._drawn:
            self._drawn[key] = drawn(self.genre, self.setting, temperature, n)
        return self._drawn[key]

    def figures(self, answers: np.ndarray) -> dict[str, Any]:
        """What the judge says of encoded answers (B, D); ``right`` is the share that is valid and an inlier."""
        factuals, judge = self.setting.factuals, self.setting.judge
        scores, people = judge.measure(factuals, judge.schema.decode(answers, factuals.index))
        right = (valid(people["gold"]) & people["inlier"]).mean()
        named = scores.to_dict()
        return {**{name: named[name] for name in FIGURES}, "right": float(right)}


FIGURES = ("score", "cost", "val", "lof", "answered")


def drawn(genre: GenRe, setting: Setting, temperature: float, n: int) -> Candidates:
    """Candidates for the denied people of a setting."""
    values = genre.schema.encode(setting.factuals)
    sampled = genre.with_sampling(temperature=temperature, n_samples=n)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        rows = sampled.candidates(values)
        return rows, genre.scores(rows)

    (rows, scores), seconds = cpu_seconds(draw)
    return Candidates(values, rows, scores, seconds)


def cpu_seconds(work: Callable[[], Result]) -> tuple[Result, float]:
    """What work gives, and what it took of the processor."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start
