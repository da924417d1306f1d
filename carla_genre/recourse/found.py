"""What was found: the rows to send, what changes in each, and a reason for everyone without one."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from carla_genre.recourse.columns import held_in, plain_cells

F = TypeVar("F", bound="Found")

ANSWERED, ACCEPTED = "answered", "accepted already"
# How many rows of a table a notebook shows.
SHOWN = 60


@dataclass(frozen=True)
class Found:
    """Options for B people.

    Attributes
    ----------
    people : DataFrame (B, any)
        Those who were asked about.
    status : Series (B,)
        "answered", "accepted already", or the reason why there is no option.
    h : Series (B,)
        What the classifier says of each person: p(desired), or a regressor's prediction. NaN for an unreadable row, or
        where it says NaN.
    rows : DataFrame (M, any)
        The options: each is the person's own row, index included, in which the changed cells alone are new, and the
        classifier has accepted exactly it. Someone whom it accepts already has their own row.
    figures : DataFrame (M, 6)
        ``option`` (1 is the best), ``h`` of the row, ``cost`` (with the weights of constraints), ``valid`` and
        ``inlier`` (the probabilities that a perfect judge accepts the row, and that it lies among accepted ones), and
        the number of ``changes``.
    candidates : DataFrame (B, 3)
        How many candidates were drawn for each person, how many of them the constraints allow, and how many of these
        the classifier accepts.
    features : list of str
        The columns that may change.
    levels : frozenset of str
        Those of them that have levels: from code 1 to code 3 is no growth by 2.
    """

    people: pd.DataFrame
    status: pd.Series
    h: pd.Series
    rows: pd.DataFrame
    figures: pd.DataFrame
    candidates: pd.DataFrame
    features: list[str]
    place: np.ndarray
    levels: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls: type[F],
        people: pd.DataFrame,
        typed: pd.DataFrame,
        said: np.ndarray,
        status: np.ndarray,
        parts: Sequence[Any],
        candidates: pd.DataFrame,
        features: list[str],
        levels: frozenset[str] = frozenset(),
    ) -> F:
        """Put the options of all people together, in the order of the people; ``typed`` has their rows to be sent."""
        own = np.flatnonzero(status == ACCEPTED)
        blank = pd.DataFrame({"h": said[own], "cost": 0.0, "valid": np.nan, "inlier": np.nan, "changes": 0})
        place = np.concatenate([own, *(part.person for part in parts)]).astype(int)
        rows = _together([typed.iloc[own], *(part.rows for part in parts)], features)
        figures = pd.concat([blank, *(part.figures for part in parts)], ignore_index=True)
        order = np.argsort(place, kind="stable")
        place = place[order]
        figures = figures.iloc[order]
        figures.insert(0, "option", np.arange(len(place)) - np.searchsorted(place, place) + 1)
        rows = rows.iloc[order]
        return cls(
            people,
            pd.Series(status, people.index, name="status"),
            pd.Series(said, people.index, name="h"),
            rows,
            figures.set_axis(rows.index),
            candidates,
            features,
            place,
            levels,
        )

    @property
    def table(self) -> pd.DataFrame:
        """The rows to send with the figures beside them, (M, any + 6); a name that is taken gets an underscore."""
        return beside(self.rows, self.figures)

    @property
    def changes(self) -> pd.DataFrame:
        """What changes: person, option, feature, before, after; a row for each changed cell."""
        return self.cells.drop(columns="row")

    @cached_property
    def cells(self) -> pd.DataFrame:
        """:attr:`changes` with the number of each one's row in :attr:`rows`."""
        labels, options = self.rows.index.tolist(), self.figures["option"].tolist()
        found = [
            (labels[row], options[row], *change, row) for row, own in enumerate(self.by_row) for change in own
        ]
        columns = ["person", "option", "feature", "before", "after", "row"]
        cells = pd.DataFrame(
            dict(zip(columns, _transposed(found, len(columns)), strict=True)), columns=columns
        )
        return cells.astype({"option": int, "row": int})

    @cached_property
    def by_row(self) -> list[list[tuple[str, Any, Any]]]:
        """What changes in each row of :attr:`rows`: (feature, before, after), in the order of the features."""
        own = self.people.iloc[self.place]
        changes: list[list[tuple[str, Any, Any]]] = [[] for _ in range(len(self))]
        for name in self.features:
            before, after = plain_cells(own[name]), plain_cells(self.rows[name])
            for row, (one, other) in enumerate(zip(before, after, strict=True)):
                if one != other:
                    changes[row].append((name, one, other))
        return changes

    @property
    def unanswered(self) -> pd.DataFrame:
        """Who has no option, and why: person, reason."""
        none = ~self.status.isin([ANSWERED, ACCEPTED])
        return pd.DataFrame(
            {"person": self.people.index[none].tolist(), "reason": self.status[none].tolist()}
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        answered = int((self.status == ANSWERED).sum())
        already = int((self.status == ACCEPTED).sum())
        none = len(self.people) - answered - already
        return (
            f"{type(self).__name__}: {len(self.people)} people, {answered} with {len(self) - already} options, "
            f"{already} accepted already, {none} without an option"
        )

    def _repr_html_(self) -> str:
        tables = (part.to_html(index=False, max_rows=SHOWN) for part in (self.changes, self.unanswered))
        return f"<p>{html.escape(repr(self))}</p>{''.join(tables)}"


def _together(parts: Sequence[pd.DataFrame], features: Sequence[str]) -> pd.DataFrame:
    """Rows of all parts in one frame; categories stay categories where those of one part are all that there are."""
    parts = [part for part in parts if len(part)] or parts[:1]  # a part without rows has no say in the dtypes
    rows = pd.concat(parts)
    for name in features:
        kinds = [part[name].dtype for part in parts]
        if rows[name].dtype in kinds or not all(isinstance(kind, pd.CategoricalDtype) for kind in kinds):
            continue
        typed = (held_in(kind, rows[name].astype(object)) for kind in kinds)
        rows[name] = next((column for column in typed if column is not None), rows[name])
    return rows


def _transposed(rows: list[tuple[Any, ...]], width: int) -> list[pd.Series]:
    """Rows of so many cells as columns, whose cells stay what they are: 8000 and 8000.5 are no two decimals."""
    columns = zip(*rows, strict=True) if rows else [()] * width
    return [pd.Series(list(column), dtype=object) for column in columns]


def beside(rows: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    """Figures to the right of rows; a name that is taken gets an underscore."""
    taken, names = set(rows.columns), {}
    for name in figures:
        names[name] = name
        while names[name] in taken:
            names[name] += "_"
        taken.add(names[name])
    return pd.concat([rows, figures.rename(columns=names)], axis=1)
