"""What the demo says while it works: steps, and bars on a terminal or log lines elsewhere."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import time
import warnings
from collections.abc import Iterator

from tqdm import tqdm

EVERY_S = 10.0


class Progress:
    """Tells steps and shares done on stderr, each with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def say(self, text: str) -> None:
        """One line."""
        tqdm.write(f"[{time.perf_counter() - self._start:5.1f} s] {text}", file=sys.stderr)
        sys.stderr.flush()

    @contextlib.contextmanager
    def step(self, name: str, text: str) -> Iterator[None]:
        """Announce a step, and keep its seconds under ``name``."""
        self.say(text)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)

    @contextlib.contextmanager
    def bar(self, total: int, what: str) -> Iterator[Counter]:
        """Count up to ``total``: a bar on a terminal, a line every ten seconds elsewhere."""
        with tqdm(total=total, desc=what, leave=False, disable=not sys.stderr.isatty()) as shown:
            yield Counter(self, shown, total, what)


class Counter:
    """Counts what is done."""

    def __init__(self, progress: Progress, shown: tqdm, total: int, what: str) -> None:
        self._progress, self._shown, self._total, self._what = progress, shown, total, what
        self.done = 0
        self._told = time.perf_counter()

    def add(self, count: int = 1) -> None:
        """So many more are done."""
        self.done += count
        self._shown.update(count)
        now = time.perf_counter()
        if self._shown.disable and now - self._told > EVERY_S and self.done < self._total:
            self._told = now
            self._progress.say(f"  {self._what}: {self.done} of {self._total}")


class Lines(io.TextIOBase):
    """A text stream that counts the lines beginning with a word, and swallows them all."""

    def __init__(self, word: str, counter: Counter) -> None:
        self._word, self._counter = word, counter

    def write(self, text: str) -> int:
        self._counter.add(sum(line.startswith(self._word) for line in text.splitlines()))
        return len(text)


@contextlib.contextmanager
def quiet_carla() -> Iterator[None]:
    """Keep CARLA's line for each person, and the warnings of its old code, off the screen."""
    logger = logging.getLogger("carla")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"carla\.|torch\.nn|sklearn\.|pandas\.")
            yield
    finally:
        logger.setLevel(level)
