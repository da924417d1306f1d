"""The roles of a user's columns: what is given is checked, the rest is guessed and noted."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
from pandas.api import types

from carla_genre.datasets.names import as_names, check_known
from carla_genre.datasets.roles import Roles
from carla_genre.datasets.table import Note, dates_refused
from carla_genre.errors import InputError
from carla_genre.schema.cells import single_numbers

MAX_LEVELS = 256
FEW_VALUES = 10
# The middle half of the numbers times this: what lies further out squeezes all others together in the scaled range.
FAR_OUT = 30
_DATE = re.compile(
    r"(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3(\d{4}|\d{2})|"
    r"\d{1,2}[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ ,-]+\d{2,4})([ T]\d.*)?",
    re.IGNORECASE,
)
# With a comma, a sign before or after, or thousands set apart: others are numbers to pandas as well.
WRITTEN_NUMBER = re.compile(
    r"[+-]?\d[\d.'\s]*,[\d.,'\s]*|[+-]?[$€£¥]\s?\d[\d.,'\s]*|[+-]?\d[\d.,'\s]*[$€£¥%]"
    r"|[+-]?\d{1,3}(['\s]\d{3})+(\.\d+)?"
)
_PERSONAL_NAME = re.compile(
    r"(^|[^a-z])(age|sex|gender|race|ethnic\w*|nationality|birth\w*|religion|disab\w*|native\w*)($|[^a-z])",
    re.IGNORECASE,
)
_ID_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|key|index|row)$|^unnamed: \d+$", re.IGNORECASE)


def infer_roles(
    table: pd.DataFrame,
    target: str,
    categorical: str | Iterable[str] | None,
    continuous: str | Iterable[str] | None,
    immutables: str | Iterable[str] | None,
    note: Note,
) -> tuple[pd.DataFrame, Roles]:
    """Return the table with numbers written as text made numbers, and every column's role.

    A column that neither ``categorical`` nor ``continuous`` names is categorical if it holds text, bools or
    only 0 and 1, else continuous.

    Raises
    ------
    InputError
        A name is unknown or has two roles; a column is constant, an identifier, a continuous one that holds
        text, or a categorical one of more than 256 levels.
    """
    said = {
        "categorical": as_names(categorical, "categorical"),
        "continuous": as_names(continuous, "continuous"),
        "immutables": as_names(immutables, "immutables"),
    }
    for argument, names in said.items():
        check_known(names, argument, table.columns)
        if target in names:
            raise InputError(f"{argument} names the target {target!r}")
    both = set(said["categorical"]) & set(said["continuous"])
    if both:
        raise InputError(f"{min(both)!r} is named by both categorical and continuous")
    features = [column for column in table.columns if column != target]
    if not features:
        raise InputError(f"there is no column besides the target {target!r}")
    _refuse_constants(table[features])

    table = table.copy()
    kinds: dict[str, str] = {}
    for name in features:
        if name in said["categorical"]:
            kinds[name] = "categorical"
        elif name in said["continuous"]:
            table[name] = _numbers(table[name])
            kinds[name] = "continuous"
        else:
            table[name], kinds[name] = _guess(table[name], note)
        if kinds[name] == "categorical":
            _check_levels(table[name])
        else:
            single_numbers(table[name], name)
    personal = personal_names(features)
    if immutables is None and personal:
        note(
            f"recourse may change {personal}: nothing is said to be immutable (immutables={personal} to keep them)"
        )
    roles = Roles(
        target=target,
        continuous=tuple(name for name in features if kinds[name] == "continuous"),
        categorical=tuple(name for name in features if kinds[name] == "categorical"),
        immutables=tuple(said["immutables"]),
    )
    return table, roles


def personal_names(names: Iterable[str]) -> list[str]:
    """Those that sound like what nobody is to be told to change: age, sex, race, ..."""
    return [name for name in names if _PERSONAL_NAME.search(name)]


def _refuse_constants(features: pd.DataFrame) -> None:
    constant = [name for name in features.columns if features[name].nunique() == 1]
    if constant:
        value = features[constant[0]].tolist()[0]
        raise InputError(
            f"column {constant[0]!r} has one value only ({value!r}) and says nothing: leave it out, "
            f"ignore={constant}"
        )


def _guess(column: pd.Series, note: Note) -> tuple[pd.Series, str]:
    """Return a column and its kind, as its values suggest."""
    name = column.name
    distinct = column.nunique()
    if types.is_bool_dtype(column):
        note(f"column {name!r}: true or false, taken as categorical")
        return column, "categorical"
    if not types.is_numeric_dtype(column):
        numbers = pd.to_numeric(column, errors="coerce")
        if numbers.notna().all() and np.isfinite(numbers).all():
            note(f"column {name!r}: numbers written as text, taken as continuous")
            return numbers, "continuous"
        if column.map(lambda cell: _DATE.fullmatch(cell) is not None).all():
            raise dates_refused(name)
        doubt = " ('?' as a level of its own: is it a missing value?)" if (column == "?").any() else ""
        note(f"column {name!r}: text of {distinct:,} levels, taken as categorical{doubt}")
        return column, "categorical"
    if set(column.unique()) == {0, 1}:
        note(f"column {name!r}: only 0 and 1, taken as categorical (continuous=[{name!r}] to change)")
        return column, "categorical"
    _refuse_identifier(column, distinct)
    if distinct <= FEW_VALUES:
        note(
            f"column {name!r}: {distinct} different numbers, taken as continuous "
            f"(categorical=[{name!r}] to change)"
        )
    else:
        note(f"column {name!r}: numbers, taken as continuous")
    return column, "continuous"


def note_far_values(column: pd.Series, note: Note) -> None:
    """Say so where numbers lie far from all others, for they squeeze the scaled range."""
    low, high = np.quantile(column, [0.25, 0.75])
    if low == high:
        low, high = np.quantile(column, [0.05, 0.95])
    far = (low - column).clip(lower=0) + (column - high).clip(lower=0) > FAR_OUT * (high - low)
    if low < high and far.any():
        note(
            f"column {column.name!r}: {far.sum():,} values lie far out, as {column[far].iloc[0]:g} does, most are "
            f"from {low:g} to {high:g}: what is mistyped squeezes the scaled range, correct or drop these rows"
        )


def _refuse_identifier(column: pd.Series, distinct: int) -> None:
    """Refuse whole numbers that differ in every row and count the rows, or are called an identifier."""
    if not types.is_integer_dtype(column) or distinct < len(column):
        return
    counts_rows = int(column.max()) - int(column.min()) == len(column) - 1
    if counts_rows or _ID_NAME.search(str(column.name)):
        raise InputError(
            f"column {column.name!r} looks like a row number or an identifier: leave it out, "
            f"ignore=[{column.name!r}], or keep it with continuous=[{column.name!r}]"
        )


def _numbers(column: pd.Series) -> pd.Series:
    """Return a column that is said to be continuous as numbers."""
    if types.is_bool_dtype(column):
        return column.astype(np.int64)
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = column[numbers.isna() | np.isinf(numbers)]
    if len(wrong):
        raise InputError(f"column {column.name!r} is said to be continuous and holds {wrong.iloc[0]!r}")
    return numbers


def _check_levels(column: pd.Series) -> None:
    distinct = column.nunique()
    if distinct > MAX_LEVELS or (distinct > FEW_VALUES and distinct > len(column) / 2):
        refuse_written_numbers(column)
        raise InputError(
            f"column {column.name!r} is categorical with {distinct:,} levels in {len(column):,} rows: leave it "
            f"out, ignore=[{column.name!r}], or group its levels (at most {MAX_LEVELS}, and fewer than half the rows)"
        )


def refuse_written_numbers(column: pd.Series) -> None:
    """Refuse a column most of whose texts are numbers as people write them: 3,5 or 1,000.00 or 20 %."""
    written = [one for one in column if isinstance(one, str) and WRITTEN_NUMBER.fullmatch(one.strip())]
    if len(written) > len(column) / 2:
        raise InputError(
            f"column {column.name!r} holds numbers written as text, as {written[0]!r}: make them numbers. "
            "pandas.read_csv reads commas with decimal=',' or thousands=','; str.replace drops signs. "
            f"Or leave it out, ignore=[{column.name!r}]"
        )


def check_encoded_names(table: pd.DataFrame, roles: Roles) -> None:
    """Refuse columns whose names meet when categories are one-hot encoded, as CARLA does."""
    owners = {name: name for name in (roles.target, *roles.continuous, *roles.categorical)}
    for name in roles.categorical:
        for level in table[name].unique():
            encoded = f"{name}_{level}"
            owner = owners.setdefault(encoded, f"{name} (level {level!r})")
            if owner != f"{name} (level {level!r})":
                raise InputError(
                    f"level {level!r} of column {name!r} is encoded as {encoded!r}, which is also the name of "
                    f"{owner}: rename one of them"
                )
