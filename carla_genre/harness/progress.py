"""What a run says while it works: a table that is drawn again on a terminal, lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from carla_genre.harness.cell import Cell

Record = Mapping[str, Any]


class Progress:
    """Told what begins and ends; a subclass shows it. Used in a ``with`` statement."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._since = time.monotonic()
        self.cells: list[Cell] = []
        self.records: dict[str, Record] = {}
        self.running: set[str] = set()
        self._skipped = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def begin(self, cells: Sequence[Cell], finished: Sequence[Record]) -> None:
        """All cells, and the records that were there before."""
        self.cells, self._skipped, self._since = list(cells), len(finished), time.monotonic()
        self.records = {record["key"]: record for record in finished}
        if finished:
            self._say(f"{len(finished)} of {len(cells)} cells are finished already")

    def start(self, cell: Cell) -> None:
        """A cell begins; called in threads."""
        with self._lock:
            self.running.add(cell.key)
            self._show(None)

    def finish(self, cell: Cell, record: Record) -> None:
        """A cell is done."""
        with self._lock:
            self.running.discard(cell.key)
            self.records[cell.key] = record
            self._show(f"[{len(self.records)}/{len(self.cells)}] {summary(cell, record)}")

    def _show(self, news: str | None) -> None:
        """Show the state; ``news`` is a line about it."""

    def _say(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def _status(self) -> str:
        done, all_, seconds = len(self.records), len(self.cells), time.monotonic() - self._since
        failed = sum("error" in record for record in self.records.values())
        parts = [f"{done} of {all_} cells", _duration(seconds)]
        if self._skipped < done < all_:
            parts.append(f"about {_duration(seconds / (done - self._skipped) * (all_ - done))} left")
        return ", ".join([*parts, *([f"{failed} failed"] if failed else [])])


class Lines(Progress):
    """One line for each cell that is done."""

    def _show(self, news: str | None) -> None:
        if news:
            self._say(news)


class LiveTable(Progress):
    """On a terminal: a row a method, a column a data set and classifier, the mean Score and how many seeds are done.

    What is too long for the terminal is drawn as lines above one line of state.
    """

    def __enter__(self) -> Progress:
        self._drawn = 0
        self._stop = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self._clock.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._clock.join()

    def _tick(self) -> None:
        while not self._stop.wait(1.0):
            with self._lock:
                self._show(None)

    def _show(self, news: str | None) -> None:
        size = shutil.get_terminal_size()
        lines = [line[: size.columns - 1] for line in self._table()]
        if len(lines) >= size.lines:
            lines = [self._status()[: size.columns - 1]]
        else:
            news = None  # the table says it
        above = [news] if news else []
        # Up to where the last drawing began, and everything from there on anew.
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        self._stream.write(up + "\x1b[J" + "".join(f"{line}\n" for line in [*above, *lines]))
        self._stream.flush()
        self._drawn = len(lines)

    def _table(self) -> list[str]:
        names = list(dict.fromkeys(cell.problem for cell in self.cells))
        labels = list(dict.fromkeys(cell.label for cell in self.cells))
        rows = [["Score", *names]]
        for label in labels:
            rows.append([label, *(self._cell(label, name) for name in names)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        shown = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return [*shown, self._status()]

    def _cell(self, label: str, name: str) -> str:
        mine = [cell for cell in self.cells if (cell.label, cell.problem) == (label, name)]
        found = [self.records[cell.key] for cell in mine if cell.key in self.records]
        scores = [r["scores"]["score"] for r in found if "scores" in r and r["scores"]["score"] is not None]
        failed = sum("error" in record for record in found)
        parts = [f"{sum(scores) / len(scores):.2f}" if scores else "-" if found else ""]
        parts += [f"{failed} failed"] if failed else []
        parts += ["running"] if any(cell.key in self.running for cell in mine) else []
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
