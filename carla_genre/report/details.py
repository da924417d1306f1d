"""The whole content of a configuration's records, one column for each record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from carla_genre.harness.record import flat
from carla_genre.report.grouping import Configuration

# Part of a record -> its heading. Figures of each person are left out.
_PARTS = {
    "cell": "Cell: its part of the grid",
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


class Line(NamedTuple):
    """One key of the records, joined by dots, and its value in each; None where a record has none."""

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
    """Return the headings, each with its lines, in the order of a record."""
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
