"""Recommendations: what was found, with the ways to write, show and draw it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from statistics import median_high, median_low
from typing import Any

import jinja2
import pandas as pd

from carla_genre.frames import is_gap
from carla_genre.io import at_home, in_json, write_bytes, write_text
from carla_genre.recourse import plots
from carla_genre.recourse.columns import plain_cells
from carla_genre.recourse.found import ACCEPTED, ANSWERED, Found
from carla_genre.recourse.saved_table import in_parquet
from carla_genre.recourse.words import OptionInWords, people_of, summary_of


class Recommendations(Found):
    """Options for people, to look at and to send.

    What they are is said by :class:`carla_genre.recourse.found.Found`: ``rows``, ``figures``, ``table``, ``changes``,
    ``status``, ``unanswered``, ``candidates``.
    """

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """The :attr:`table` as CSV, to a file or as text."""
        return _written(self.table.to_csv(), path)

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """The :attr:`table` as a Parquet file."""
        write_bytes(path, in_parquet(self.table, "the table of options"))

    def to_html(self, path: str | os.PathLike[str] | None = None, title: str = "Recourse") -> str | None:
        """A page to send, to a file or as text: options in words and bars, the group, and why some have none."""
        return _written(page_of(self, title), path)

    def plot(self, person: Any = None) -> Any:
        """A matplotlib Figure: one person's options; or what all people's first options change, cost and certainty."""
        return plots.plot_group(self) if person is None else plots.plot_person(self, person)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Everything in JSON's plain types, to a file or as text."""
        options: list[list[dict[str, Any]]] = [[] for _ in range(len(self.people))]
        figures = zip(*(_cells(self.figures[name]) for name in self.figures), strict=True)
        rows = zip(*(_cells(self.rows.iloc[:, i]) for i in range(self.rows.shape[1])), strict=True)
        names = list(map(str, self.rows))
        for place, changes, figure, row in zip(self.place, self.by_row, figures, rows, strict=True):
            change = {name: {"before": in_json(one), "after": in_json(other)} for name, one, other in changes}
            options[place].append(
                {
                    **dict(zip(self.figures, figure, strict=True)),
                    "change": change,
                    "row": dict(zip(names, row, strict=True)),
                }
            )
        labels = [None if is_gap(label) else in_json(label) for label in self.people.index.tolist()]
        columns = labels, self.status.tolist(), _cells(self.h), options
        people = (
            json.dumps(
                {"person": label, "status": status, "h": h, "options": own},
                allow_nan=False,
                ensure_ascii=False,
            )
            for label, status, h, own in zip(*columns, strict=True)
        )
        lines = ",\n".join(people)
        return _written(f'{{"people": [\n{lines}\n]}}\n', path)


def _written(text: str, path: str | os.PathLike[str] | None) -> str | None:
    if path is None:
        return text
    write_text(at_home(path), text)
    return None


def _cells(column: pd.Series) -> list[Any]:
    """Cells in JSON's types; every kind of gap is None."""
    return [in_json(cell) for cell in plain_cells(column)]


def page_of(found: Found, title: str = "Recourse") -> str:
    """The page as one text of HTML: nothing is loaded from elsewhere, every cell is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("carla_genre.recourse"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    people = people_of(found)
    first = [one.options[0] for one in people if one.options]
    reasons = Counter(one.status for one in people if one.status not in (ANSWERED, ACCEPTED))
    return environment.get_template("recommendations.html").render(
        title=title,
        people=people,
        answered=sum(one.status == ANSWERED for one in people),
        accepted=sum(one.status == ACCEPTED for one in people),
        without=sum(reasons.values()),
        reasons=reasons.most_common(),
        summary=summary_of(found),
        first=first,
        middle=_middle(first),
        ANSWERED=ANSWERED,
        ACCEPTED=ACCEPTED,
    )


def _middle(options: Sequence[OptionInWords]) -> dict[str, Any]:
    """The median cost, number of changes and likelihood to hold of options; empty where there is none."""
    if not options:
        return {}
    return {
        "cost": median_high(one.cost for one in options),
        "changes": median_high(len(one.changes) for one in options),
        "valid": median_low(one.valid for one in options),
    }
