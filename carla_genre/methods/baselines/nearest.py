"""NNR: the nearest accepted training row as recourse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.neighbours import nearest_targets
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.methods.core.feature_constraints import feature_constraints
from carla_genre.methods.core.training_rows import TrainingRows
from carla_genre.options import option, option_of

# What becomes of a factual without an accepted row of its immutables, in the methods that answer with such a row.
UNMATCHED = (
    'For a factual whose constraints allow no row: "nearest" takes the row nearest in the continuous immutables too, '
    'and puts the factual\'s own values back. "drop" gives a row of NaN.'
)


@dataclass(frozen=True)
class NearestOptions(MethodOptions):
    accepted: str = option(
        "labelled",
        'Rows that may be an answer. "predicted": h > .5. "confident": h > gamma. "labelled": h > gamma and label 1.',
        ("predicted", "confident", "labelled"),
    )
    gamma: float = option_of(PairConfig, "gamma", meaning="h above which a row is accepted with confidence.")
    unmatched: str = option_of(PairConfig, "unmatched", meaning=UNMATCHED)


class NearestNeighbor(SchemaMethod):
    """The nearest training row of an accepted kind, exactly, under the cost and the constraints.

    Table 3 of GenRe (Garg, Nagalapatti and Sarawagi, ICLR 2025) has three kinds: NNR takes the rows that h
    accepts, {h > .5}; NNR(gamma) those that it is sure of, {h > gamma}; NNR(D_h+) of these the ones whose
    label agrees, {y = 1, h > gamma}.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend.
    hyperparams : mapping, optional
        The options below.

    Raises
    ------
    InputError
        A hyperparameter is wrong, or no training row is of that kind.

    Notes
    -----
    Exact in double precision: blocks of rows of equal immutables against all targets, the first of equally
    near ones. An answer is a row of the training data, so it is as plausible as they are.
    """

    OPTIONS = NearestOptions()

    def _prepare(self) -> None:
        rows = self.training_rows
        candidates, rules = rows.values[self._accepted(rows)], feature_constraints(self.schema)
        self._targets = candidates[rules.inside(candidates, rules.categorical)]

    def _accepted(self, rows: TrainingRows) -> np.ndarray:
        kind, gamma = self.hyperparams["accepted"], self.hyperparams["gamma"]
        if kind == "labelled":
            return rows.accepted(gamma)
        return rows.confident(0.5 if kind == "predicted" else gamma)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        near = nearest_targets(
            values,
            self._targets,
            feature_constraints(self.schema),
            k=1,
            relax=self.hyperparams["unmatched"] == "nearest",
            device=self.device,
            dtype=torch.float64,
        )
        found = torch.isfinite(near.cost[:, 0]).numpy()
        answers = np.full_like(values, np.nan)
        answers[found] = self.schema.constrain(values[found], self._targets[near.indices[found, 0].numpy()])
        return answers
