"""Rows that are kept while more than memory holds are read: all of them on disk, or an even sample."""

from __future__ import annotations

from typing import IO

import numpy as np


class OnDisk:
    """All rows, in a file; one without a name is deleted together with its last array."""

    def __init__(self, width: int, file: IO[bytes]) -> None:
        self.width, self.file = width, file

    def add(self, values: np.ndarray) -> None:
        """Append rows (b, D)."""
        self.file.write(np.ascontiguousarray(values, dtype=np.float64).data)

    def array(self) -> np.ndarray:
        """The rows (n, D), at least one, mapped and not read; the file may be closed then."""
        self.file.flush()
        return np.memmap(self.file, np.float64, "r+").reshape(-1, self.width)  # type: ignore[call-overload]


class EvenSample:
    """The rows with the ``most`` least of random numbers, one a row: every set of so many is as likely."""

    def __init__(self, width: int, most: int, random: np.random.Generator) -> None:
        self.most, self.random = most, random
        self.rows, self.keys = [np.empty((0, width))], [np.empty(0)]
        self.limit = 1.0  # a row of a larger number cannot be among them

    def add(self, values: np.ndarray) -> None:
        """Draw a number for each row of (b, D), and keep those that may be among the least."""
        keys = self.random.random(len(values))
        near = keys < self.limit
        self.rows.append(values[near])
        self.keys.append(keys[near])
        if sum(map(len, self.keys)) > 2 * self.most:
            self.array()

    def array(self) -> np.ndarray:
        """The sample, (n, D), in the order of the rows."""
        keys, rows = np.concatenate(self.keys), np.concatenate(self.rows)
        if len(keys) > self.most:
            keep = np.sort(np.argpartition(keys, self.most)[: self.most])
            keys, rows = keys[keep], rows[keep]
            self.limit = float(keys.max())
        self.keys, self.rows = [keys], [rows]
        return rows
