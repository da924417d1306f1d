"""All that the records of a configuration say, side by side: one column for each record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from carla_genre.harness.record import flat
from carla_genre.report.grouping import Configuration

# Part of a record -> its heading. What is held apart for each person stays in the file.
_PARTS = {
    "cell": "Cell: what the grid asked for",
    "hyperparams": "Hyperparameters, defaults included",
    "scores": "Figures",
    "constrained.scores": "Figures with the constraints held",
    "constrained.report": "What holding the constraints changed",
    "seconds": "Seconds of the clock",
    "cpu_seconds": "Seconds of the processor",
    "setting": "Setting: the people and their classifiers",
    "peak_mb": "Peak memory in MB",
    "environment": "Environment",
}


@dataclass(frozen=True)
class Line:
    """One key of the records.

    Attributes
    ----------
    name : str
        The way to it, joined by dots.
    values : list
        One a record; None where it has none.
    """

    name: str
    values: list[Any]

    @property
    def same(self) -> bool:
        """Whether all records have it and agree."""
        return all(value == self.values[0] for value in self.values)

    @property
    def differs(self) -> bool:
        """Whether two records that have it disagree."""
        known = [value for value in self.values if value is not None]
        return any(value != known[0] for value in known)


def details(configuration: Configuration) -> list[tuple[str, list[Line]]]:
    """Headings, each with its lines, in the order of a record."""
    records = [one.record for one in configuration.found]
    parts = []
    for name, heading in _PARTS.items():
        lines = _lines([_part(record, name) for record in records])
        if lines:
            parts.append((heading, lines))
    return parts


def _part(record: Any, name: str) -> dict[str, Any]:
    for key in name.split("."):
        record = record.get(key) or {}
    return flat(record)


def _lines(parts: Sequence[dict[str, Any]]) -> list[Line]:
    names = dict.fromkeys(name for part in parts for name in part)
    return [Line(name, [part.get(name) for part in parts]) for name in names]
