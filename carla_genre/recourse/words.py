"""Changes of cells in words and bars, as a person reads them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import pandas as pd

from carla_genre.recourse.found import ACCEPTED, ANSWERED, Found


class Change(NamedTuple):
    """One changed cell: texts of both cells, the difference of numbers, and how large it is, 0 to 1."""

    feature: str
    before: str
    after: str
    difference: str
    share: float


class OptionInWords(NamedTuple):
    """One option: its changes, the most important first, and its figures."""

    number: int
    changes: list[Change]
    h: float
    cost: float
    valid: float
    inlier: float


class Person(NamedTuple):
    """A person: the label of their row, what became of them, and their options."""

    label: str
    status: str
    h: float
    options: list[OptionInWords]


class Summary(NamedTuple):
    """A feature in the first options of all people: how often it changes, and what is typical."""

    feature: str
    people: int
    share: float
    typical: str


def cell(value: Any) -> str:
    """A cell as text: thousands apart, no needless decimals, a gap as a word."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return "missing"
    if isinstance(value, bool) or (not isinstance(value, int | float) and not hasattr(value, "dtype")):
        return str(value).strip()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if value and not 1e-6 <= abs(value) < 1e15:
        return f"{value:g}"
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def label_of(index: Any) -> str:
    """The label of a row as text; that of several levels with slashes."""
    return " / ".join(map(str, index)) if isinstance(index, tuple) else str(index)


def people_of(found: Found) -> list[Person]:
    """Everybody with the options in words, those with options first."""
    spread = _spreads(found)
    status, h = found.status.tolist(), found.h.tolist()
    figures = list(found.figures.itertuples(index=False))
    people = []
    numbers = {place: [] for place in range(len(found.people))}  # type: dict[int, list[int]]
    for number, place in enumerate(found.place):
        numbers[int(place)].append(number)
    for place, index in enumerate(found.people.index.tolist()):
        options = [
            _option(figures[number], found.by_row[number], spread, found.levels) for number in numbers[place]
        ]
        options = [] if status[place] == ACCEPTED else options
        people.append(Person(label_of(index), status[place], float(h[place]), options))
    return sorted(people, key=lambda one: (one.status != ANSWERED, one.status == ACCEPTED))


def summary_of(found: Found) -> list[Summary]:
    """The features that first options change, the most frequent first."""
    answered = max(1, int((found.status == ANSWERED).sum()))
    first = found.changes[found.changes["option"] == 1]
    lines = []
    for feature, part in first.groupby("feature", sort=False):
        kind = found.people[feature].dtype
        number = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        if number and feature not in found.levels:
            middle = (pd.to_numeric(part["after"]) - pd.to_numeric(part["before"])).median()
            typical = f"median {_signed(round(float(middle), 2))}" if middle == middle else "from a gap"
        else:
            pairs = part["before"].map(cell) + " → " + part["after"].map(cell)
            typical = f"mostly {pairs.mode().iloc[0]}"
        lines.append(Summary(str(feature), len(part), len(part) / answered, typical))
    return sorted(lines, key=lambda line: -line.people)


def _spreads(found: Found) -> dict[str, float]:
    """The largest change of each number, which has the longest bar."""
    changes = found.changes
    sizes = pd.to_numeric(changes["after"], errors="coerce") - pd.to_numeric(
        changes["before"], errors="coerce"
    )
    largest: dict[str, float] = sizes.abs().groupby(changes["feature"]).max().to_dict()
    return largest


def _signed(size: float) -> str:
    return f"{'+' if size >= 0 else '-'}{cell(abs(size))}"


def _option(
    figures: Any, changes: list[tuple[str, Any, Any]], spread: dict[str, float], levels: Collection[str]
) -> OptionInWords:
    lines = []
    for feature, before, after in changes:
        difference, share = "", 1.0
        numeric = pd.api.types.is_number(before) and pd.api.types.is_number(after)
        if numeric and feature not in levels and not (isinstance(before, bool) or pd.isna(before)):
            size = round(float(after) - float(before), 10)
            difference, share = _signed(size), abs(size) / (spread.get(feature) or 1.0)
        lines.append(Change(str(feature), cell(before), cell(after), difference, min(share, 1.0)))
    return OptionInWords(
        int(figures.option),
        lines,
        *(float(getattr(figures, name)) for name in ("h", "cost", "valid", "inlier")),
    )
