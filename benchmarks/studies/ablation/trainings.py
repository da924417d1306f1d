"""The default's training with one part of it otherwise, answered by the paper's rule and by the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from benchmarks.studies.ablation.base import Base, cpu_seconds, drawn
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.pairs import split_rows
from carla_genre.methods.genre.method import GenRe
from carla_genre.schema.training_rows import Sides, TrainingRows
from carla_genre.selection.by_h import most_valid
from carla_genre.selection.surrogate import NEIGHBOURS, SurrogateJudge

# A row of D_h+ that the surrogate judge is this sure of, by trees that have not seen it ...
SURE = 0.6
# ... and whose outlier factor is that of an inlier.
INSIDE = -1.5

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
}
ACCEPTED_TWICE = "D_h+ that the surrogate judge accepts too"


@dataclass(frozen=True)
class AcceptedTwice(TrainingRows):
    """Training rows, D_h+ being those that a surrogate judge accepts as well.

    Parameters
    ----------
    judge : SurrogateJudge
        As :meth:`SurrogateJudge.fit` makes it of the very rows: its forest knows them out of bag.
    """

    judge: SurrogateJudge

    def sides(self, config: PairConfig) -> Sides:
        """D_h-, and what is left of D_h+."""
        denied, accepted = split_rows(self.labels, self.scores, config)
        known = self.judge.accepted
        factor = np.full(known.shape, -np.inf)
        factors = (LocalOutlierFactor(n_neighbors=NEIGHBOURS).fit(self.judge.rows[one]) for one in known)
        factor[known] = np.concatenate([one.negative_outlier_factor_ for one in factors])
        sure = self.judge.forest.out_of_bag() > SURE
        return Sides(self.values[denied], self.values[accepted & sure & (factor > INSIDE).all(axis=0)])


class OfAcceptedTwice(GenRe):
    """GenRe that learns from :class:`AcceptedTwice`."""

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any], judge: SurrogateJudge) -> None:
        self._judge = judge
        super().__init__(mlmodel, hyperparams)

    def _labelled_rows(self) -> TrainingRows:
        rows = super()._labelled_rows()
        return AcceptedTwice(rows.values, rows.labels, rows.scores, self._judge)


def measured(base: Base) -> Iterator[dict[str, Any]]:
    """A row of figures for each training and rule.

    The surrogate judge is the default generator's, its curves included; h, people and judge are the same.
    """
    for label in (*TRAININGS, ACCEPTED_TWICE):
        genre, seconds = cpu_seconds(lambda label=label: _trained(base, label))  # type: ignore[misc]
        few, many = (drawn(genre, base.setting, *sampling) for sampling in ((10.0, 10), (1.0, 100)))
        by_rule = {
            "validity": most_valid(few.rows, few.scores),
            "expected": base.selector.select(many.values, many.rows, many.scores).answers,
        }
        for rule, answers in by_rule.items():
            yield {"variant": label, "rule": rule, "build_cpu_s": seconds, **base.figures(answers)}


def _trained(base: Base, label: str) -> GenRe:
    other = TRAININGS.get(label, {})
    training = {**base.hyperparams["training"], **other.get("training", {})}
    given = {**base.hyperparams, "selection": "validity", **other, "training": training}
    if label == ACCEPTED_TWICE:
        return OfAcceptedTwice(base.setting.mlmodel, given, base.selector.objective.judge)
    return GenRe(base.setting.mlmodel, given)
