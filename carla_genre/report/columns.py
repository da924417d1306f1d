"""The columns of the page's tables: definition, direction, range, digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from carla_genre.evaluation.measures import FIGURES, INFINITY, Figure
from carla_genre.harness import table


class MeasureColumn(NamedTuple):
    """A name of :data:`carla_genre.harness.table.MEASURES`, what it measures, and digits behind the point."""

    name: str
    figure: Figure
    digits: int

    @property
    def arrow(self) -> str:
        """The direction as a sign."""
        return "↑" if self.figure.better == "higher" else "↓"

    @property
    def tooltip(self) -> str:
        """Definition, direction and range in a line."""
        return f"{self.figure.definition}; {self.figure.better} is better; {self.figure.range}"


# What a record has that is no measure of answers.
_OF_THE_HARNESS = {
    "lost": "answers lost by putting back what may not change",
    "prepare s": "seconds of training the method, of the processor, or of the clock where a GPU works",
    "answer s": "seconds of answering all people, of the same",
}


def main_columns() -> list[MeasureColumn]:
    """The columns of the first table of a comparison."""
    return _columns(table.MAIN)


def further_columns() -> list[MeasureColumn]:
    """The columns of the second table."""
    return _columns(table.FURTHER)


def _columns(measures: Mapping[str, table.Column]) -> list[MeasureColumn]:
    own = {name: Figure(None, text, "lower", 0, INFINITY, "count") for name, text in _OF_THE_HARNESS.items()}
    return [
        MeasureColumn(name, FIGURES[measure.figure] if measure.figure else own[name], measure.digits)
        for name, measure in measures.items()
    ]
