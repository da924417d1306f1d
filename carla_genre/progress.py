"""Bars and tables that a terminal shows while something works, by rich; lines of the log where there is none."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Iterator

from rich import progress
from rich.console import Console, Group, RenderableType
from rich.live import Live

EVERY_S = 10.0
log = logging.getLogger(__name__)
# A terminal has one live display, whoever works at the same time: each adds its part to it, and takes it out again.
_parts: list[RenderableType] = []
_live: Live | None = None
_lock = threading.RLock()


@contextlib.contextmanager
def warnings_only(name: str) -> Iterator[None]:
    """Let the logger of another package say no less than warnings within this block."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def on_screen(part: RenderableType) -> Iterator[None]:
    """Show ``part`` below all that is printed, until the block ends, however it ends."""
    global _live
    with _lock:
        _parts.append(part)
        if _live is None:
            console = Console(file=sys.stderr)  # what is redirected later stays apart
            _live = Live(get_renderable=lambda: Group(*_parts), console=console, transient=True)
            _live.start()
    try:
        yield
    finally:
        with _lock:
            assert _live is not None
            _live.refresh()  # how far it came
            _parts.remove(part)
            if not _parts:
                _live.stop()
                _live = None


class Bar:
    """Counts what is done of ``total``; :func:`bar` shows it."""

    def __init__(self, title: str, total: int, done: int, every: float | None) -> None:
        self.title, self.total, self.done = title, total, done
        self._every, self._told = every, time.monotonic()
        self.shown = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(elapsed_when_finished=True),
            progress.TextColumn("{task.fields[note]}"),
            auto_refresh=False,
        )
        self._task = self.shown.add_task(title, total=total, completed=done, note="")

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self.done += count
        self.shown.update(self._task, completed=self.done)
        now = time.monotonic()
        if self._every is not None and now - self._told >= self._every and self.done < self.total:
            self._told = now
            log.info("%s: %d of %d", self.title, self.done, self.total)

    def note(self, text: str) -> None:
        """What stands behind the bar."""
        self.shown.update(self._task, note=text)


@contextlib.contextmanager
def bar(
    title: str,
    total: int,
    show: bool = True,
    done: int = 0,
    lines: bool = False,
    every_s: float = EVERY_S,
) -> Iterator[Bar]:
    """Count up to ``total``, of which ``done`` are done: a bar on a terminal.

    Parameters
    ----------
    show : bool
        Whether anything is shown.
    lines : bool
        Log a line every ``every_s`` seconds where there is no terminal.
    """
    on_terminal = show and sys.stderr.isatty()
    one = Bar(title, total, done, every_s if show and lines and not on_terminal else None)
    with on_screen(one.shown) if on_terminal else contextlib.nullcontext():
        yield one
