"""Work in a process of its own, whose peak of memory is its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def apart(step: Callable[..., Any], *arguments: Any) -> Any:
    """What a new process gives back."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
        return one.submit(step, *arguments).result()
