"""What the demo says while it works, and what CARLA must not say."""

from __future__ import annotations

import contextlib
import sys
import time
import warnings
from collections.abc import Iterator

from carla_genre.progress import warnings_only


class Steps:
    """Tells steps on stderr, each with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def say(self, text: str) -> None:
        """One line."""
        print(f"[{time.perf_counter() - self._start:5.1f} s] {text}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def step(self, name: str, text: str) -> Iterator[None]:
        """Announce a step, and keep its seconds under ``name``."""
        self.say(text)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)


@contextlib.contextmanager
def quiet_carla() -> Iterator[None]:
    """Hide CARLA's line for each factual, and the warnings of its old code."""
    with warnings_only("carla"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"carla\.|torch\.nn|sklearn\.|pandas\.")
        yield
