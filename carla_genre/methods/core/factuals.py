"""Factuals as they are given: a row that cannot be read does not stop the others, and raw rows are told of."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pandas as pd

from carla_genre.frames import check_columns
from carla_genre.schema import Schema
from carla_genre.schema.cells import read_rows

log = logging.getLogger(__name__)


def answer_readable(
    schema: Schema,
    factuals: pd.DataFrame,
    answer: Callable[[pd.DataFrame, np.ndarray], pd.DataFrame],
    warns: bool = True,
) -> pd.DataFrame:
    """A method's answers to the factuals that can be read, and rows of NaN for the others.

    Parameters
    ----------
    schema : Schema
    factuals : DataFrame (B, any)
    answer : callable
        Factuals (b, any) and their values (b, D) -> answers (b * n, C), n a factual next to each other.
    warns : bool
        Whether to log a warning of numbers far outside of the training rows' range.

    Raises
    ------
    InputError
        ``factuals`` is no frame, lacks a column, or none of its rows can be read.
    """
    check_columns(factuals, schema.columns, "the frame of factuals", "the classifier's")
    values, readable, problems = read_rows(schema.encode, factuals)
    if warns:
        _warn_of_raw_rows(schema, values)
    given = factuals[readable] if problems else factuals
    if "object" in map(str, given.dtypes):
        given = given.infer_objects()  # one odd cell has made all cells of its column objects
    answers = answer(given, values)
    if not problems:
        return answers
    log.warning(
        "%d of %d factuals cannot be read, and get a row of NaN: %s",
        (~readable).sum(),
        len(readable),
        "; ".join(problems),
    )
    each = len(answers) // len(values)
    everybody = answers.set_axis(np.flatnonzero(np.repeat(readable, each))).reindex(
        range(len(readable) * each)
    )
    return everybody.set_axis(factuals.index.repeat(each))


def _warn_of_raw_rows(schema: Schema, values: np.ndarray) -> None:
    far = schema.far_outside(values)
    if far.any():
        names = [name for name, column in zip(schema.names, far.T, strict=True) if column.any()]
        log.warning(
            "%d of %d factuals are far outside of the training rows' range in %s: rows in original units have to be "
            "encoded first, data.transform(rows); others get answers that are extrapolated",
            far.any(axis=1).sum(),
            len(far),
            names,
        )
