"""NNR: the nearest accepted training rows as recourse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from carla_genre.generator.config import PairConfig, SamplingConfig
from carla_genre.generator.pairing.neighbours import Search
from carla_genre.methods.core.acting import ActingMethod, ActingOptions
from carla_genre.methods.core.telling import ToldMethod
from carla_genre.methods.genre.hyperparameters import GenReOptions
from carla_genre.options import option, option_of
from carla_genre.selection import ExpectedScoreSelector, calibrated_gamma

# Factuals whose candidates are held at a time.
BATCH = 1000

# What becomes of a factual without an accepted row of its immutables, in the methods that answer with such a row.
UNMATCHED = (
    'For a factual whose constraints allow no row: "nearest" takes the row nearest in the continuous immutables too, '
    'and puts the factual\'s own values back. "drop" gives a row of NaN.'
)


@dataclass(frozen=True)
class NearestOptions(ActingOptions):
    accepted: str = option(
        "labelled",
        'Rows that may be an answer. "predicted": h > .5. "confident": h > gamma. "labelled": h > gamma and label 1.',
        ("predicted", "confident", "labelled"),
    )
    gamma: float = option_of(PairConfig, "gamma", meaning="h above which a row is accepted with confidence.")
    calibrate: bool = option_of(GenReOptions, "calibrate")
    unmatched: str = option_of(PairConfig, "unmatched", meaning=UNMATCHED)
    selection: str = option(
        "nearest",
        'The nearest row, or "expected": of the n_samples nearest rows the one of the highest expected Score, as GenRe '
        "chooses.",
        ("nearest", "expected"),
    )
    n_samples: int = option(100, 'Candidates of a factual with selection "expected".', "[1, inf)")


class NearestNeighbor(ActingMethod, ToldMethod):
    """The nearest training row of an accepted kind, exactly, under the cost and the constraints.

    Table 3 of GenRe (Garg, Nagalapatti and Sarawagi, ICLR 2025) has three kinds: NNR takes the rows that h
    accepts, {h > .5}; NNR(gamma) those that it is sure of, {h > gamma}; NNR(D_h+) of these the ones whose
    label agrees, {y = 1, h > gamma}.

    Raises
    ------
    InputError
        A hyperparameter is wrong, or no training row is of that kind.

    Notes
    -----
    Exact in double precision: blocks of rows of equal immutables against all targets, the first of equally
    near ones. An answer is a row of the training data, so it is as plausible as they are; with "expected", changes that
    it can do without are reverted.
    """

    OPTIONS = NearestOptions()

    def _prepare(self) -> None:
        rows, given = self.training_rows, self.hyperparams
        self._learn_causes()
        gamma = calibrated_gamma(rows, given["gamma"]) if given["calibrate"] else given["gamma"]
        least = 0.5 if given["accepted"] == "predicted" else gamma
        accepted = rows.accepted(least) if given["accepted"] == "labelled" else rows.confident(least)
        self._targets = self._inside(rows.values[accepted])
        if given["selection"] == "expected":
            n_jobs = given["threads"] or -1
            self._selector = ExpectedScoreSelector.fit(
                self,
                rows,
                self._sampling,
                given["seed"],
                gamma=gamma,
                n_jobs=n_jobs,
                consequences=self.consequences,
            )

    def _inside(self, rows: np.ndarray) -> np.ndarray:
        """Those of rows (n, D) that are in the ranges."""
        constraints = self.schema.constraints
        inside: np.ndarray = rows[constraints.inside(rows, constraints.categorical)]
        return inside

    def with_constraints(self, constraints: Mapping[str, Mapping[str, Any]] | None) -> NearestNeighbor:
        """See :meth:`ToldMethod.with_constraints`: the same rows and the same selector."""
        other = super().with_constraints(constraints)
        other._targets = other._inside(self._targets)
        other._selector = self._selector and self._selector.with_objective(
            schema=other.schema, h=other.scores
        )
        return other

    @property
    def _sampling(self) -> SamplingConfig:
        given = self.hyperparams
        return SamplingConfig(n_samples=given["n_samples"] if given["selection"] == "expected" else 1)

    def candidates(self, values: np.ndarray, sampling: SamplingConfig | None = None) -> np.ndarray:
        """The ``sampling.n_samples`` nearest rows, the nearest first.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals.
        sampling : SamplingConfig, optional
            Whose ``n_samples`` counts; else as the hyperparameters say.

        Returns
        -------
        ndarray (B, N, D)
            The nearest row again where there are fewer; NaN where there is none.
        """
        k, relax = (sampling or self._sampling).n_samples, self.hyperparams["unmatched"] == "nearest"
        constraints = self.schema.constraints
        search = Search(values, self._targets, constraints, k, relax, self.device, torch.float64)
        cost, indices = search.all_nearest()
        there = torch.isfinite(cost)
        indices = torch.where(there, indices, indices[:, :1])
        candidates = self.schema.constrain(values[:, None], self._targets[indices.numpy()])
        candidates[~there[:, 0].numpy()] = np.nan
        return self._possible(values, candidates)

    def _act(self, values: np.ndarray) -> np.ndarray:
        if self._selector is None:
            return self.candidates(values)[:, 0]
        parts = [slice(start, min(start + BATCH, len(values))) for start in range(0, len(values), BATCH)]
        batches = ((part, self.candidates(values[part])) for part in parts)
        return self._selector.select_batches(values, batches, self.scores)
