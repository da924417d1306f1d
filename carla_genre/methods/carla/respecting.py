"""Any method's answers with the constraints held, and what holding them costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.blackbox import model_probability
from carla_genre.errors import InputError
from carla_genre.frames import check_columns, matched
from carla_genre.methods.core.answer_frames import keep_unchanged_cells, only_rows
from carla_genre.methods.core.factuals import answer_readable
from carla_genre.schema import Schema
from carla_genre.schema.cells import nearest_levels

from carla.recourse_methods.api import RecourseMethod


@dataclass(frozen=True)
class ConstraintReport:
    """What holding the constraints has cost, counted in answers.

    Of ``n_rows`` rows, one a factual or as many as the method gives, h accepts ``answered_before`` as they came. Of
    these, ``changed`` broke a constraint and were changed, of which h refuses ``lost`` now. The others,
    ``answered_after``, keep all constraints, and h accepts them.
    """

    n_rows: int
    answered_before: int
    changed: int
    lost: int
    answered_after: int


class RespectConstraints(RecourseMethod):
    """Around any RecourseMethod: put back what may not change, then query h again.

    An immutable feature gets the factual's own value, bit for bit; a number is clipped to its range and to the
    direction in which it may move; the columns of a category become its nearest level. An answer that h
    refuses after that (h <= .5) is a row of NaN. An answer that keeps the constraints passes as it is.

    Parameters
    ----------
    method : carla.recourse_methods.api.RecourseMethod
        CARLA's, this package's, or your own.
    constraints : mapping, optional
        Feature -> ``{"direction": "increase" | "decrease", "range": (low, high) in original units, "immutable":
        bool}``, on top of those of the data.

    Attributes
    ----------
    method : RecourseMethod
        As given.
    schema : Schema
        The features and their constraints.
    report : ConstraintReport or None
        Of the last call.
    """

    def __init__(
        self, method: RecourseMethod, constraints: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        mlmodel = getattr(method, "_mlmodel", None)
        if mlmodel is None:
            raise InputError(
                f"{type(method).__name__} holds no classifier: a RecourseMethod calls super().__init__(mlmodel)"
            )
        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        self.method = method
        self.schema = Schema.from_mlmodel(mlmodel, constraints)
        self.report: ConstraintReport | None = None

    @property
    def hyperparams(self) -> dict[str, Any]:
        """The method's own, where it shows them."""
        return getattr(self.method, "hyperparams", {})

    @property
    def seconds(self) -> dict[str, float]:
        """The method's own, where it keeps them."""
        return getattr(self.method, "seconds", {})

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """The method's answers, constrained; :attr:`report` has what that cost.

        Parameters
        ----------
        factuals : DataFrame (B, any)
            Encoded and scaled rows, passed on to the method as a copy. It is not asked about one that cannot be read.

        Returns
        -------
        DataFrame (B, len(feature_input_order))
            The factuals' index, a label repeated where the method gives several answers a factual. NaN for a factual
            that cannot be read.

        Raises
        ------
        InputError
            The method's answers lack a column, are not the same number for every factual, or have labels that do
            not tell whose they are.
        """
        ours = hasattr(self.method, "schema")  # which warns of raw rows itself
        return answer_readable(self.schema, factuals, self._answer_frame, warns=not ours)

    def _answer_frame(self, factuals: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
        answers = self.method.get_counterfactuals(factuals.copy())
        answers, own = self._paired(answers, factuals)
        before = model_probability(self._mlmodel, answers) > 0.5
        values = np.repeat(values, len(answers) // max(len(values), 1), axis=0)
        held = keep_unchanged_cells(self._constrained(answers, values), own)
        changed = before & (held != answers).any(axis=1).to_numpy()
        after = before & (model_probability(self._mlmodel, held) > 0.5)
        counts = [int(which.sum()) for which in (before, changed, before & ~after, after)]
        self.report = ConstraintReport(len(answers), *counts)
        return only_rows(held, after)

    def _paired(self, answers: pd.DataFrame, factuals: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Answers in the classifier's columns, and for each its factual: (B * n, C) both, one index."""
        columns, name = list(self.schema.columns), type(self.method).__name__
        check_columns(answers, columns, f"the frame of answers of {name}", "the classifier's")
        own = factuals[columns]
        answers = matched(answers[columns], own.index, name)
        own = own.iloc[np.repeat(np.arange(len(own)), len(answers) // max(len(own), 1))]
        answers = answers.replace([np.inf, -np.inf], np.nan)
        return keep_unchanged_cells(answers, own), own

    def _constrained(self, answers: pd.DataFrame, before: np.ndarray) -> pd.DataFrame:
        """The nearest rows that keep the constraints, of factuals (B, D); what keeps them is the same."""
        wanted = np.empty_like(before)
        for position, feature in enumerate(self.schema.features):
            part = answers[list(feature.columns)]
            if feature.levels is None:
                wanted[:, position] = part.iloc[:, 0].to_numpy(dtype=float)
            else:
                wanted[:, position] = nearest_levels(part, feature, before[:, position])
        wanted[np.isnan(wanted).any(axis=1)] = np.nan
        return self.schema.decode(self.schema.constrain(before, wanted), answers.index)
