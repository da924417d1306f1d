"""Invalidation rate: how often the classifier refuses an answer that is carried out inexactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch

from carla_genre.blackbox import BlackBox, model_probability
from carla_genre.errors import InputError
from carla_genre.evaluation.answered import answered
from carla_genre.evaluation.measure import Measure, aligned_frames
from carla_genre.evaluation.validity import valid
from carla_genre.generator.randomness import normals, row_keys
from carla_genre.options import Option
from carla_genre.schema import Schema

# Noisy rows that the classifier is asked about together; bounds memory, changes no figure.
BATCH = 1 << 17


def invalidation_rate(
    schema: Schema,
    mlmodel: BlackBox,
    answers: pd.DataFrame,
    variance: float = 0.01,
    n_draws: int = 1000,
    seed: int = 0,
    threshold: float = 0.5,
) -> np.ndarray:
    """Share of noisy copies of each answer that the classifier refuses, (B,); NaN where unanswered.

    1 - E[h(x' + e) > threshold] with e ~ N(0, variance I) on the scaled continuous features (Pawelczyk et al.,
    ICLR 2023, definition 1). There the noise is on all columns; here categories stay, so that the row is possible.

    Parameters
    ----------
    schema, mlmodel
        The classifier h and its features.
    answers : DataFrame (B, any)
        Encoded.
    variance : float
        0.01 in that paper.
    n_draws : int
        Noisy copies an answer. The standard error of one rate is at most .5 / sqrt(n_draws).
    seed : int
        The noise depends on it and on the answer's values only: not on the other answers.
    threshold : float
        Refused is p(y = 1) <= threshold.
    """
    if not variance >= 0 or n_draws < 1:
        raise InputError(
            f"variance must be 0 or more and n_draws 1 or more, they are {variance} and {n_draws}"
        )
    answers = answers[list(schema.columns)]
    continuous = [feature.columns[0] for feature in schema.features if feature.levels is None]
    rates, found = np.full(len(answers), np.nan), np.flatnonzero(answered(answers))
    size = max(1, BATCH // n_draws)
    for part in (found[start : start + size] for start in range(0, len(found), size)):
        noisy = answers.iloc[np.repeat(part, n_draws)].reset_index(drop=True)
        exact = torch.tensor(np.ascontiguousarray(answers.iloc[part][continuous], dtype=float))
        noise = normals(row_keys(exact, seed), 0, n_draws * len(continuous))
        disturbed = exact[:, None] + variance**0.5 * noise.view(len(part), n_draws, len(continuous))
        noisy[continuous] = disturbed.flatten(0, 1).numpy()
        accepted = valid(model_probability(mlmodel, noisy), threshold)
        rates[part] = 1 - accepted.reshape(len(part), n_draws).mean(axis=1)
    return rates


class InvalidationRate(Measure):
    """Share of noisy copies of the answer that h refuses (:func:`invalidation_rate`).

    Lower is better; from 0 to 1. A failure is left out. An answer that h refuses is measured as well.

    The hyperparameters are that function's.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "variance": Option(0.01, "[0, inf)"),
        "n_draws": Option(1000, "[1, inf)"),
        "seed": Option(0, "[0, 9223372036854775807]"),
        "threshold": Option(0.5, "[0, 1)"),
    }

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Column ``Invalidation_Rate``."""
        schema = self.schema
        _, answers = aligned_frames(schema, factuals, answers)
        return {"Invalidation_Rate": invalidation_rate(schema, self.mlmodel, answers, **self.hyperparameters)}
