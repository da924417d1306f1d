"""The label of a user's table: which column it is, and which of its two values is the good one."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from carla_genre.datasets.names import check_known
from carla_genre.datasets.table import Note
from carla_genre.errors import InputError

_TARGET_NAMES = ("target", "label", "class", "y", "outcome", "decision", "approved", "accepted", "default")
_GOOD = re.compile(
    r"yes|y|true|t|1|good|approved?|accept(ed)?|grant(ed)?|positive|pos|\+|pass(ed)?|paid|success|hired|admitted|high"
)
_BAD = re.compile(
    r"no|n|false|f|0|bad|denied|deny|reject(ed)?|refused|declined|negative|neg|-|-1|fail(ed)?|default|failure|low"
)
_BAD_NAME = re.compile(
    r"default|risk|fraud|churn|delinquen|recidi|reoffend|arrest|reject|denied|denial|refus|attrition|bankrupt|"
    r"fail|death|died|disease|bad($|_)",
    re.IGNORECASE,
)


def choose_target(table: pd.DataFrame, target: str | None, note: Note) -> str:
    """Return the label's column: the one that is named, else the only one that looks like a label."""
    if target is not None:
        if not isinstance(target, str):
            raise InputError(f"target={target!r}: expected a column's name")
        check_known([target], "target", table.columns)
        return target
    binary: list[str] = [column for column in table.columns if table[column].nunique() == 2]
    named = [column for column in binary if column.strip().lower() in _TARGET_NAMES]
    if len(named) == 1:
        note(f"target: {named[0]!r} (by its name and its two values)")
        return named[0]
    if not named and len(binary) == 1:
        note(f"target: {binary[0]!r} (the only column of two values)")
        return binary[0]
    candidates = named or binary
    hint = (
        f"columns of two values: {', '.join(map(repr, candidates[:10]))}"
        if candidates
        else "no column has two values"
    )
    raise InputError(f"which column is the label? Note it with target= ({hint})")


def binary_labels(column: pd.Series, positive: Any, note: Note, argument: str = "positive") -> pd.Series:
    """Return the label as 0 and 1.

    Parameters
    ----------
    column : pandas.Series
        The label's column, of two values.
    positive : object
        The value that becomes 1, the outcome that recourse aims at; None to take 1, True, the obvious word
        ("yes", "approved", ...) or the greater number.
    note : callable
        Is given the direction of recourse as a sentence.
    argument : str
        What the caller's user gives ``positive`` as, for messages.
    """
    name = column.name
    if types.is_string_dtype(column):
        column = column.str.strip()
    values = sorted(column.unique().tolist(), key=lambda value: (str(type(value)), value))
    if len(values) != 2:
        shown = ", ".join(map(repr, values[:5])) + (", ..." if len(values) > 5 else "")
        raise InputError(f"target {name!r} must have two values, it has {len(values):,}: {shown}")
    if positive is not None:
        if not isinstance(positive, Hashable) or positive is pd.NA:
            raise InputError(f"{argument}={positive!r}: one value of target {name!r} is wanted, of {values}")
        good = [value for value in values if value == positive or str(value) == str(positive).strip()]
        if len(good) != 1:
            raise InputError(f"{argument}={positive!r} is no value of target {name!r}, which has {values}")
    elif set(values) == {0, 1}:
        good = [1]
    else:
        good = [_guess(name, values, argument)]
    bad = next(value for value in values if value != good[0])
    doubt = ""
    if positive is None:
        named = types.is_number(bad) and _BAD_NAME.search(str(name))
        doubt = f" (is that the good outcome? Its name sounds otherwise: {argument}={bad!r})" if named else ""
        doubt = doubt or f" ({argument}= to change)"
    note(f"target {name!r}: recourse aims at {good[0]!r}, which becomes 1; {bad!r} becomes 0{doubt}")
    return pd.Series(np.where(column == good[0], 1, 0), index=column.index, name=name, dtype=np.int64)


def _guess(name: Any, values: list[Any], argument: str) -> Any:
    if types.is_number(values[0]):
        return values[1]
    words = [str(value).strip().lower().rstrip(".") for value in values]
    for good, bad in ((0, 1), (1, 0)):
        above = words[good].startswith(">") and words[bad].startswith("<")
        good_word = _GOOD.fullmatch(words[good]) and not _GOOD.fullmatch(words[bad])
        bad_word = _BAD.fullmatch(words[bad]) and not _BAD.fullmatch(words[good])
        if above or good_word or bad_word:
            return values[good]
    raise InputError(
        f"target {name!r} has the values {values[0]!r} and {values[1]!r}: say which one recourse aims at, "
        f"{argument}={values[0]!r} or {argument}={values[1]!r}"
    )
