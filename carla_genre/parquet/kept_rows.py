"""Rows that are kept while more than memory holds are read: all of them on disk, or an even sample."""

from __future__ import annotations

from typing import IO, Protocol

import numpy as np


class KeptRows(Protocol):
    """Where the rows of one side are kept."""

    @property
    def n(self) -> int:
        """Rows that are kept."""

    def add(self, values: np.ndarray) -> None:
        """Take the next rows (b, D)."""

    def array(self) -> np.ndarray:
        """The rows that are kept, (n, D), in their order."""


class OnDisk:
    """All rows, in a file: one without a name is gone when nobody holds its array."""

    def __init__(self, width: int, file: IO[bytes]) -> None:
        self.width, self.file, self.n = width, file, 0

    def add(self, values: np.ndarray) -> None:
        """Append."""
        self.file.write(np.ascontiguousarray(values, dtype=np.float64).data)
        self.n += len(values)

    def array(self) -> np.ndarray:
        """Mapped, not read; the file may be closed then."""
        self.file.flush()
        return np.memmap(self.file, np.float64, "r+", shape=(self.n, self.width))  # type: ignore[call-overload]


class EvenSample:
    """The rows with the ``most`` least of random numbers, one a row: every set of so many is as likely."""

    def __init__(self, width: int, most: int, random: np.random.Generator) -> None:
        self.most, self.random = most, random
        self.rows, self.keys = [np.empty((0, width))], [np.empty(0)]
        self.limit = 1.0  # a row of a larger number cannot be among them

    @property
    def n(self) -> int:
        """Rows that are kept."""
        return min(self.most, self._held)

    @property
    def _held(self) -> int:
        return sum(map(len, self.keys))

    def add(self, values: np.ndarray) -> None:
        """Draw a number for each row, and keep those that may be among the least."""
        keys = self.random.random(len(values))
        near = keys < self.limit
        self.rows.append(values[near])
        self.keys.append(keys[near])
        if self._held > 2 * self.most:
            self._cut()

    def _cut(self) -> None:
        keys, rows = np.concatenate(self.keys), np.concatenate(self.rows)
        if len(keys) > self.most:
            keep = np.sort(np.argpartition(keys, self.most)[: self.most])
            keys, rows = keys[keep], rows[keep]
            self.limit = float(keys.max())
        self.keys, self.rows = [keys], [rows]

    def array(self) -> np.ndarray:
        """What is kept."""
        self._cut()
        return self.rows[0]
