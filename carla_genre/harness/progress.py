"""The progress of a run: a line for each cell, and on a terminal a live table."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from carla_genre.harness.cell import Cell
from carla_genre.progress import on_screen

Record = Mapping[str, Any]


class GridProgress:
    """Shows what begins and ends. It is used in a ``with`` statement."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        self.records: dict[str, Record] = {}
        self._running: set[str] = set()
        self._skipped, self._since = 0, time.monotonic()
        self._screen = contextlib.ExitStack()

    def __enter__(self) -> GridProgress:
        if sys.stderr.isatty():
            self._screen.enter_context(on_screen(self))
        return self

    def __exit__(self, *error: object) -> None:
        self._screen.close()

    def say(self, line: str) -> None:
        """Print a line."""
        print(line, file=sys.stderr, flush=True)

    def begin(self, cells: Sequence[Cell], finished: Sequence[Record]) -> None:
        """All cells, and the records that were there before."""
        self.cells, self._skipped, self._since = list(cells), len(finished), time.monotonic()
        self.records = {record["key"]: record for record in finished}
        if finished:
            self.say(f"{len(finished)} of {len(cells)} cells are finished already")

    def start(self, cell: Cell) -> None:
        """A cell begins; called in threads."""
        self._running.add(cell.key)

    def finish(self, cell: Cell, record: Record) -> None:
        """A cell is done."""
        self._running.discard(cell.key)
        self.records[cell.key] = record
        self.say(f"[{len(self.records)}/{len(self.cells)}] {summary(cell, record)}")

    def __rich__(self) -> Group:
        """A row a method, a column a data set and classifier: the mean Score, and how many seeds are done."""
        problems = list(dict.fromkeys(cell.problem for cell in self.cells))
        shown = Table("Score", box=None)
        for problem in problems:
            shown.add_column(Text(problem))
        for label in dict.fromkeys(cell.label for cell in self.cells):
            shown.add_row(Text(label), *(self._score(label, problem) for problem in problems))
        return Group(self._status(), shown)  # a terminal that is too low cuts what is below

    def _status(self) -> str:
        done, all_, seconds = len(self.records), len(self.cells), time.monotonic() - self._since
        failed = sum("error" in record for record in list(self.records.values()))
        parts = [f"{done} of {all_} cells", _duration(seconds)]
        if self._skipped < done < all_:
            parts.append(f"about {_duration(seconds / (done - self._skipped) * (all_ - done))} left")
        return ", ".join([*parts, *([f"{failed} failed"] if failed else [])])

    def _score(self, label: str, problem: str) -> str:
        mine = [cell for cell in self.cells if (cell.label, cell.problem) == (label, problem)]
        found = [self.records[cell.key] for cell in mine if cell.key in self.records]
        scores = [r["scores"]["score"] for r in found if "scores" in r and r["scores"]["score"] is not None]
        failed = sum("error" in record for record in found)
        parts = [f"{sum(scores) / len(scores):.2f}" if scores else "-" if found else ""]
        parts += [f"{failed} failed"] if failed else []
        parts += ["running"] if any(cell.key in self._running for cell in mine) else []
        parts += [f"({len(found)}/{len(mine)})"] if 0 < len(found) < len(mine) else []
        return " ".join(filter(None, parts))


def summary(cell: Cell, record: Record) -> str:
    """A record in a line."""
    if "error" in record:
        return f"{cell}: failed, {record['error']['type']}: {record['error']['message']}"
    scores, seconds = record["scores"], record["seconds"]
    figures = ", ".join(
        f"{what} {'-' if scores[what] is None else format(scores[what], '.2f')}"
        for what in ("score", "cost", "val", "lof", "answered")
    )
    return f"{cell}: {figures}; prepared in {seconds['prepare']:.1f} s, answered in {seconds['answer']:.2f} s"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
