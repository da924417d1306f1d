"""A classifier h as every room asks it: encoded rows in, probabilities of label 1 out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.frames import check_columns

# How far a probability in single precision may lie outside [0, 1].
ROUNDING = 1e-5


class BlackBoxData(Protocol):
    """What is read of CARLA's ``Data``: encoded and scaled rows, and what the columns are."""

    @property
    def df(self) -> pd.DataFrame: ...

    @property
    def df_train(self) -> pd.DataFrame: ...

    @property
    def target(self) -> str: ...

    @property
    def continuous(self) -> Sequence[str]: ...

    @property
    def categorical(self) -> Sequence[str]: ...

    @property
    def immutables(self) -> Sequence[str]: ...


class BlackBox(Protocol):
    """What is asked of a CARLA ``MLModel``; methods that can do more with a ``raw_model`` ask whether there is one."""

    @property
    def data(self) -> BlackBoxData: ...

    @property
    def feature_input_order(self) -> Sequence[str]:
        """The encoded columns, in the order of the classifier's input."""

    def predict_proba(self, x: Any, /) -> Any:
        """Encoded rows (B, C) -> the probabilities of label 0 and label 1, (B, 2)."""


def attributes(given: Any, names: Sequence[str], what: str, wanted: str) -> list[Any]:
    """The attributes of what CARLA calls so, each asked for once; InputError where the object lacks one."""
    absent = object()
    values = [getattr(given, name, absent) for name in names]
    lacking = [name for name, value in zip(names, values, strict=True) if value is absent]
    if lacking:
        raise InputError(
            f"{type(given).__name__} is no {what} as CARLA has them, it lacks {lacking}: give a {wanted}"
        )
    return values


def model_probability(mlmodel: BlackBox, rows: pd.DataFrame) -> np.ndarray:
    """p(y = 1) of encoded rows by a CARLA classifier, (B,); NaN for a row that has a NaN.

    Where the classifier itself says NaN, it accepts nothing: that row has 0, a refusal.

    Raises
    ------
    InputError
        A column is missing, or the classifier's ``predict_proba`` does not give two columns, one row a row, or a number
        outside [0, 1].
    """
    names = ("feature_input_order", "predict_proba")
    order, predict_proba = attributes(mlmodel, names, "classifier", "carla.MLModel")
    columns = list(order)
    in_order = isinstance(rows, pd.DataFrame) and rows.columns.is_unique and rows.columns.tolist() == columns
    if not in_order:
        check_columns(rows, columns, whose="the classifier's")
    given = rows.copy() if in_order else rows[columns]  # a classifier may change it
    answered = ~pd.isna(given.to_numpy()).any(axis=1)
    result = np.full(len(rows), np.nan)
    if answered.any():
        probability = predict_proba(given if answered.all() else given[answered])
        if hasattr(probability, "detach"):
            probability = probability.detach().cpu().numpy()
        try:
            probability, n_answered = np.asarray(probability, dtype=float), int(answered.sum())
        except (TypeError, ValueError) as error:
            raise InputError(f"{type(mlmodel).__name__}.predict_proba gives no numbers: {error}") from error
        if probability.shape != (n_answered, 2):
            raise InputError(
                f"{type(mlmodel).__name__}.predict_proba: expected shape ({n_answered}, 2), got {probability.shape}"
            )
        result[answered] = accepted = np.nan_to_num(probability[:, 1], nan=0.0, posinf=np.inf, neginf=-np.inf)
        outside = accepted[np.abs(accepted - 0.5) > 0.5 + ROUNDING]
        if len(outside):
            raise InputError(
                f"{type(mlmodel).__name__}.predict_proba: {len(outside)} of {n_answered} rows have a number outside "
                f"[0, 1], the first {outside[0]:g}: probabilities are wanted, not scores or logits"
            )
    return result
