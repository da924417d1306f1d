"""Future validity: whether an answer still holds when the classifier is trained again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from carla_genre.blackbox import model_probability
from carla_genre.errors import InputError
from carla_genre.evaluation.measure import Measure
from carla_genre.evaluation.validity import valid
from carla_genre.options import Option


def accepted_by(classifiers: Sequence[Any], rows: pd.DataFrame, threshold: float = 0.5) -> np.ndarray:
    """Whether each of M classifiers accepts each encoded row (B, any): p(y = 1) > threshold, bool (M, B).

    A row that has a NaN is not accepted.

    Raises
    ------
    InputError
        There is no classifier.
    """
    if len(classifiers) == 0:
        raise InputError("no classifiers: a share of none is not defined")
    return np.stack([valid(model_probability(classifier, rows), threshold) for classifier in classifiers])


class FutureValidity(Measure):
    """Share of other classifiers that accept the answer: trained on other rows, or from other initial weights.

    Higher is better; from 0 to 1. A failure counts 0. h itself is not asked.
    :func:`carla_genre.protocol.retraining.retrained` trains the protocol's h again.

    Hyperparameters
    ---------------
    classifiers : sequence of carla.models.api.MLModel
        Needed: M of them, on the same encoded columns.
    threshold : float
        0.5 in the paper.
    """

    FAILURES_COUNT = True
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "classifiers": Option(kind=Sequence),
        "threshold": Option(0.5, "[0, 1)"),
    }

    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """Column ``Future_Validity``: the share of the classifiers."""
        classifiers = self._needed("classifiers", "[other classifiers, ...]")
        accepted = accepted_by(classifiers, answers, self.hyperparameters["threshold"])
        return {"Future_Validity": accepted.mean(axis=0)}
