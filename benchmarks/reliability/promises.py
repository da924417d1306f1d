"""What holds of every answer: written here anew, apart from the package's own checks."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import CarlaGenreError


@contextmanager
def quiet() -> Iterator[None]:
    """Warnings and log lines are not what a case is about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def result_or_error(call: Callable[[], Any]) -> tuple[Any, str]:
    """What a call gives and "right", or None and the name of the one error that it may raise.

    Anything else that is raised is a fault, and goes on.
    """
    try:
        return call(), "right"
    except CarlaGenreError as error:
        if not str(error).strip():
            raise AssertionError(f"{type(error).__name__} says nothing") from error
        return None, type(error).__name__


def check_answers(mlmodel: Any, factuals: pd.DataFrame, answers: pd.DataFrame, gamma: float = 0.5) -> None:
    """The contract of answers: index, columns, constraints, accepted by h.

    Parameters
    ----------
    mlmodel : Formula
        The classifier, of the small world.
    factuals, answers : DataFrame (B, any), DataFrame (B, 8)
        What was asked and what came.
    gamma : float
        What h of an answer has to be above.

    Raises
    ------
    AssertionError
        The contract is broken.
    """
    columns = mlmodel.feature_input_order
    assert answers.index.equals(factuals.index), "another index"
    assert list(answers.columns) == list(columns), "other columns"
    asked, found = numbers(factuals[columns]), answers[columns].to_numpy(dtype=float)
    missing = np.isnan(found)
    assert (missing.any(axis=1) == missing.all(axis=1)).all(), "a row that is NaN in part"
    answered = ~missing.any(axis=1)
    assert not np.isnan(asked[answered]).any(), "a row that cannot be read is answered"
    before, after = (pd.DataFrame(rows[answered], columns=columns) for rows in (asked, found))
    assert (before["age"] == after["age"]).all(), "an immutable was changed"
    assert (after["debt"] <= before["debt"]).all(), "one-way feature went the other way"
    for name in before.columns.intersection(["income", "debt"]):
        kept = before[name] == after[name]
        assert (kept | after[name].between(0, 1)).all(), f"{name} out of its range"
    jobs = after[[column for column in columns if column.startswith("job_")]]
    assert jobs.isin([0.0, 1.0]).all(axis=None), "no level of job"
    assert (jobs.sum(axis=1) == 1).all(), "no level of job"
    assert after["owner_yes"].isin([0.0, 1.0]).all(), "no level of owner"
    h_before, h_after = (
        np.asarray(mlmodel.predict_proba(rows), dtype=float)[:, 1] for rows in (before, after)
    )
    accepted = h_before > 0.5
    assert (before[accepted] == after[accepted]).all(axis=None), "an accepted person was changed"
    assert (h_after > gamma)[~accepted].all(), "an answer that h refuses"


def numbers(frame: pd.DataFrame) -> np.ndarray:
    """The cells as numbers, (B, C); NaN for what is none."""
    return np.array([[_number(cell) for cell in row] for row in frame.itertuples(index=False)]).reshape(
        frame.shape
    )


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two frames of answers have the same numbers, bit for bit, whatever their index."""
    a, b = (np.ascontiguousarray(frame.to_numpy(dtype=float)) for frame in (one, other))
    return a.shape == b.shape and a.tobytes() == b.tobytes()


def unchanged(frame: pd.DataFrame, before: pd.DataFrame) -> bool:
    """Whether a frame holds what it held before; equality of odd cells (arrays, frames) is that of their texts."""
    if frame.equals(before):
        return True
    return frame.shape == before.shape and repr(frame.to_dict("split")) == repr(before.to_dict("split"))
