"""Functions of a user's own are told from one another, in every process alike."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from carla_genre.pickling import code_digest

SCRIPT = "from carla_genre.pickling import code_digest; print(code_digest(lambda rows: rows in {'a', 'b', 'c', 'd'}))"


def below(limit: float, rows: Any = None) -> Callable[[Any], Any]:
    return lambda rows: rows < limit


class Below:
    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, rows: Any) -> Any:
        return rows < self.limit


def test_other_code_defaults_and_held_values_are_other_functions() -> None:
    functions = [
        lambda rows: rows < 1,
        lambda rows: rows < 2,
        lambda rows: rows > 1,
        lambda rows, limit=1: rows < limit,
        lambda rows, limit=2: rows < limit,
        below(1),
        below(2),
        Below(1),
        Below(2),
        Below(1).__call__,
        functools.partial(below, 1),
        functools.partial(below, 2),
        abs,
    ]
    digests = list(map(code_digest, functions))
    assert len(set(digests)) == len(functions)
    assert digests == list(map(code_digest, functions))
    assert code_digest(below(1)) == digests[5]
    assert code_digest(Below(1)) == digests[7]


def test_functions_that_hold_each_other_have_a_digest() -> None:
    def even(n: int) -> bool:
        return n == 0 or odd(n - 1)

    def odd(n: int) -> bool:
        return n != 0 and even(n - 1)

    assert code_digest(even) != code_digest(odd)


def test_every_process_has_the_same_digest() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(told) == 1
