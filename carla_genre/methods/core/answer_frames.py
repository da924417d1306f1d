"""Answers as a method gives them, checked; and as frames: what is the factual's own keeps its bits and dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.schema import Schema


def read_answers(given: Any, values: np.ndarray, schema: Schema, method: str) -> np.ndarray:
    """What a method gives to encoded factuals (B, D), as numbers (B, D) that can be decoded.

    Raises
    ------
    InputError
        It is of another shape, a number is infinite, or a category has a number that is none of its levels'.
    """
    try:
        answers = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{method}._answer gives no numbers: {error}") from error
    if answers.shape != values.shape:
        raise InputError(
            f"{method}._answer: expected an array of shape {values.shape}, a row a factual and of NaN where there is "
            f"no answer, got {answers.shape}"
        )
    found = answers[~np.isnan(answers).any(axis=1)]
    no_level = (found != np.rint(found)) | (found < 0) | (found >= schema.level_counts)
    wrong = np.where(schema.categorical, no_level, np.isinf(found))
    if wrong.any():
        row, position = np.argwhere(wrong)[0]
        levels = schema.level_counts[position]
        wanted = f"a number from 0 to {levels - 1}, which is a level's" if levels else "a finite number"
        raise InputError(
            f"{method}._answer: {schema.names[position]!r} is {found[row, position]:g}, expected {wanted}: "
            "self.schema.constrain(values, answers) gives the nearest that are allowed"
        )
    return answers


def check_constraints(answers: np.ndarray, values: np.ndarray, schema: Schema, method: str) -> None:
    """Raise an AssertionError, which names the feature, where answers (B, D) to factuals (B, D) break a constraint."""
    answered = ~np.isnan(answers).any(axis=1)
    own, answers = values[answered], answers[answered]
    if schema.allowed(own, answers).all():
        return
    lower, upper = schema.bounds(own)
    broken = (((answers < lower) | (answers > upper)) & (answers != own)).any(axis=0)
    name, frozen = schema.names[broken.argmax()], schema.immutable[broken.argmax()]
    what = (
        f"changed the immutable feature {name!r}"
        if frozen
        else f"took {name!r} out of its range or direction"
    )
    raise AssertionError(
        f"{method} {what}: self.schema.constrain(values, answers) gives the nearest answers that keep all constraints"
    )


def keep_unchanged_cells(
    answers: pd.DataFrame, factuals: pd.DataFrame, exactly: bool = False
) -> pd.DataFrame:
    """Copy the factual's own cell, with its last bits and its dtype, wherever the answer has the same.

    CARLA's networks compute in 32 bits. A feature that they leave alone comes back rounded, .3 as .30000001.

    Parameters
    ----------
    answers : DataFrame (B, C)
        NaN is equal to nothing.
    factuals : DataFrame (B, any)
        The same rows in the same order, with all columns of the answers.
    exactly : bool
        Else what is the same in single precision counts as unchanged.

    Returns
    -------
    DataFrame (B, C)
        A new frame under the answers' index.
    """
    columns = {}
    for column in answers.columns:
        theirs, own = answers[column].to_numpy(), factuals[column].to_numpy()
        same = theirs == own if exactly else _single(theirs) == _single(own)
        columns[column] = own if same.all() else np.where(same, own, theirs)
    return pd.DataFrame(columns, index=answers.index, columns=answers.columns)


def only_rows(answers: pd.DataFrame, found: np.ndarray) -> pd.DataFrame:
    """The answers of which ``found``, bool (B,), says so; the others are rows of NaN."""
    return answers if found.all() else answers.where(np.broadcast_to(found[:, None], answers.shape))


def _single(cells: np.ndarray) -> np.ndarray:
    """Numbers in single precision; anything else as it is."""
    if cells.dtype.kind not in "fiub":
        return cells
    with np.errstate(over="ignore"):
        return cells.astype(np.float32)
