"""What share of people gets a wrong answer where a risk is stated: by the known truth, or by the gold classifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.studies.records import Plan
from carla_genre.evaluation.validity import valid
from carla_genre.methods.genre.hyperparameters import to_sampling
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting
from carla_genre.selection.conformal import least_probability
from carla_genre.selection.promise import in_parts, losses

RISKS = (0.02, 0.05, 0.1)


@dataclass(frozen=True)
class RiskPlan(Plan):
    """The sizes of the study.

    Parameters
    ----------
    samples : tuple of int
        Candidates of a person.
    """

    samples: tuple[int, ...] = (100,)


def measured(setting: Setting, plan: RiskPlan) -> Iterator[dict[str, Any]]:
    """A row of figures for each number of candidates and each stated risk.

    ``wrong`` is the share of all people whose answer is given, and is not valid or no inlier; ``given`` that of those
    with an answer; ``wrong without`` and ``given without`` are those without a bound. The answers are those of a GenRe
    that is built with the risk and sampled so: what it has learned from does not depend on either.
    """
    given: Mapping[str, Any] = {"seed": setting.seed, "verbose": False, "risk": max(RISKS)}
    genre = GenRe(setting.mlmodel, {**given, "training": {"steps": plan.steps}})
    parts, people = in_parts(genre.training_rows, max(RISKS)), genre.schema.encode(setting.factuals)
    selector = replace(genre.selector, least_probability=0.0)
    for n in plan.samples:
        sampling = replace(to_sampling(genre.hyperparams), n_samples=n)
        found = losses(selector, genre, parts, sampling)
        candidates = genre.candidates(people, sampling)
        chosen = selector.select(people, candidates, genre.scores(candidates))
        wrong, probability = _wrong(setting, genre, chosen.answers), chosen.validity * chosen.inlier
        for risk in RISKS:
            is_given = probability >= least_probability(found.probability, found.wrong, risk)
            yield {
                "samples": n,
                "risk": risk,
                "people held out": len(parts.people),
                "wrong": float((is_given & wrong).mean()),
                "given": float(is_given.mean()),
                "wrong without": float(wrong.mean()),
                "given without": float((probability >= 0).mean()),
            }


def _wrong(setting: Setting, genre: GenRe, answers: np.ndarray) -> np.ndarray:
    """Which encoded answers (B, D) the judge calls not valid, or no inliers; no answer is not wrong."""
    frame = genre.schema.decode(answers, setting.factuals.index)
    _, figures = setting.judge.measure(setting.factuals, frame)
    right = valid(figures["gold"].to_numpy()) & figures["inlier"].to_numpy(bool)
    wrong: np.ndarray = ~right & frame.notna().all(axis=1).to_numpy()
    return wrong
