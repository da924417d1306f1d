"""The default's training with one part of it otherwise, answered by the paper's rule and by the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.studies.ablation.base import Base, cpu_seconds, drawn
from carla_genre.methods.genre.method import GenRe
from carla_genre.selection.by_h import most_valid

TRAININGS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "dropout .1": {"architecture": {"dropout": 0.1}},
    "50 even bins, soft labels (the paper's)": {
        "n_bins": 50,
        "binning": "even",
        "training": {"soft_labels": True, "conditional": False},
    },
    "denied: h <= .7, any label": {"denied": "code"},
    "gamma .8": {"gamma": 0.8},
    "lambda 10": {"lambda_": 10.0},
    "D_h+ that the surrogate judge accepts too": {"confirmed": 0.6},
}


def measured(base: Base) -> Iterator[dict[str, Any]]:
    """A row of figures for each training and rule.

    The surrogate judge is the default generator's, its curves included; h, people and judge are the same.
    """
    for label in TRAININGS:
        genre, seconds = cpu_seconds(lambda label=label: _trained(base, label))  # type: ignore[misc]
        few, many = (drawn(genre, base.setting, *sampling) for sampling in ((10.0, 10), (1.0, 100)))
        by_rule = {
            "validity": most_valid(few.rows, few.scores),
            "expected": base.selector.select(many.values, many.rows, many.scores).answers,
        }
        for rule, answers in by_rule.items():
            yield {"variant": label, "rule": rule, "build_cpu_s": seconds, **base.figures(answers)}


def _trained(base: Base, label: str) -> GenRe:
    other = TRAININGS[label]
    training = {**base.hyperparams["training"], **other.get("training", {})}
    given = {**base.hyperparams, "selection": "validity", **other, "training": training}
    return GenRe(base.setting.mlmodel, given)
