"""What the columns of a table of records are: definition, direction, range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from carla_genre.evaluation.measures import FIGURES
from carla_genre.harness import table


@dataclass(frozen=True)
class Column:
    """One measure.

    Attributes
    ----------
    name : str
        As :data:`carla_genre.harness.table.MEASURES` has it.
    definition : str
        In a line.
    better : str
        ``"higher"`` or ``"lower"``.
    range : str
        As text: ``[0, 1]``.
    digits : int
        Behind the point.
    """

    name: str
    definition: str
    better: str
    range: str
    digits: int

    @property
    def arrow(self) -> str:
        """The direction as a sign."""
        return "↑" if self.better == "higher" else "↓"

    @property
    def tooltip(self) -> str:
        """Definition, direction and range in a line."""
        return f"{self.definition}; {self.better} is better; {self.range}"


# What a record has that is no measure of answers.
_OF_THE_HARNESS = {
    "lost": "answers lost by putting back what may not change",
    "prepare s": "seconds of training the method, of the processor, or of the clock where a GPU works",
    "answer s": "seconds of answering all people, of the same",
}


def main_columns() -> list[Column]:
    """Of the first table of each setting."""
    return _columns(table.MAIN)


def further_columns() -> list[Column]:
    """Of the second one."""
    return _columns(table.FURTHER)


def _columns(measures: Mapping[str, table.Column]) -> list[Column]:
    return [_column(name, measure) for name, measure in measures.items()]


def _column(name: str, measure: table.Column) -> Column:
    if not measure.figure:
        return Column(name, _OF_THE_HARNESS[name], "lower", "[0, inf)", measure.digits)
    figure = FIGURES[measure.figure]
    return Column(name, figure.definition, figure.better, figure.range, measure.digits)
