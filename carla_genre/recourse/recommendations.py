"""Recommendations: what was found, with the ways to write, show and draw it."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.io import in_json, write_bytes, write_text
from carla_genre.recourse import plots
from carla_genre.recourse.found import Found
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
        people = [
            {
                "person": _cell(label),
                "status": self.status.iloc[place],
                "h": _cell(self.h.iloc[place]),
                "options": self._options(place),
            }
            for place, label in enumerate(self.people.index.tolist())
        ]
        return _written(json.dumps({"people": people}, indent=1, allow_nan=False), path)

    def _options(self, place: int) -> list[dict[str, Any]]:
        options = []
        for number in np.flatnonzero(self.place == place):
            before, after = self.people.iloc[place], self.rows.iloc[number]
            cells = {name: (_cell(before[name]), _cell(after[name])) for name in self.features}
            options.append(
                {name: _cell(value) for name, value in self.figures.iloc[number].items()}
                | {"change": {n: {"before": a, "after": b} for n, (a, b) in cells.items() if a != b}}
                | {"row": {str(name): _cell(value) for name, value in after.items()}}
            )
        return options


def _written(text: str, path: str | os.PathLike[str] | None) -> str | None:
    if path is None:
        return text
    write_text(Path(path), text)
    return None


def _cell(value: Any) -> Any:
    """A cell in JSON's types; every kind of gap is None."""
    gap = pd.api.types.is_scalar(value) and pd.isna(value)
    return None if gap else in_json(value)
