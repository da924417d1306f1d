"""Recommendations: what was found, with the ways to write, show and draw it."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

from carla_genre.io import in_json, write_bytes, write_text
from carla_genre.recourse import plots
from carla_genre.recourse.found import Found, plain_cells
from carla_genre.recourse.page import page_of


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
        buffer = io.BytesIO()
        self.table.to_parquet(buffer)
        write_bytes(path, buffer.getvalue())

    def to_html(self, path: str | os.PathLike[str] | None = None, title: str = "Recourse") -> str | None:
        """A page to send, to a file or as text: options in words and bars, the group, and why some have none."""
        return _written(page_of(self, title), path)

    def plot(self, person: Any = None) -> Any:
        """A matplotlib Figure: one person's options, or what the options of all people change."""
        return plots.plot_changes(self) if person is None else plots.plot_person(self, person)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Everything in JSON's plain types, to a file or as text."""
        options: list[list[dict[str, Any]]] = [[] for _ in range(len(self.people))]
        changes = dict(list(self.cells.groupby("row", sort=False)))
        columns, names = (
            [plain_cells(self.rows.iloc[:, i]) for i in range(self.rows.shape[1])],
            list(self.figures),
        )
        for number, place in enumerate(self.place):
            changed = changes.get(number, self.cells.head(0))
            cells = zip(changed["feature"], changed["before"], changed["after"], strict=True)
            options[place].append(
                {name: _cell(self.figures[name].iloc[number]) for name in names}
                | {
                    "change": {
                        name: {"before": _cell(one), "after": _cell(other)} for name, one, other in cells
                    }
                }
                | {
                    "row": {
                        str(name): _cell(cell[number]) for name, cell in zip(self.rows, columns, strict=True)
                    }
                }
            )
        people = [
            {"person": _cell(label), "status": status, "h": _cell(h), "options": own}
            for label, status, h, own in zip(
                self.people.index.tolist(), self.status, self.h, options, strict=True
            )
        ]
        return _written(json.dumps({"people": people}, indent=1, allow_nan=False), path)


def _written(text: str, path: str | os.PathLike[str] | None) -> str | None:
    if path is None:
        return text
    write_text(Path(path), text)
    return None


def _cell(value: Any) -> Any:
    """A cell in JSON's types; every kind of gap is None."""
    gap = pd.api.types.is_scalar(value) and pd.isna(value)
    return None if gap else in_json(value)
