"""Training rows as arrays: encoded values, labels, and h of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.pairs import accepted_rows, split_rows


class Sides(NamedTuple):
    """D_h- (n, D) and D_h+ (N, D) of section 4.1, encoded."""

    denied: np.ndarray
    accepted: np.ndarray


@dataclass(frozen=True)
class TrainingRows:
    """Labelled rows, encoded.

    Attributes
    ----------
    values : ndarray (n, D)
        One value a feature.
    labels : ndarray (n,), int
        0 and 1.
    scores : ndarray (n,)
        h of each row.
    """

    values: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def sides(self, config: PairConfig) -> Sides:
        """D_h- and D_h+.

        Raises
        ------
        InputError
            One of them is empty.
        """
        denied, accepted = split_rows(self.labels, self.scores, config)
        return Sides(self.values[denied], self.values[accepted])

    def accepted(self, gamma: float) -> np.ndarray:
        """D_h+ = {y = 1, h > gamma} (section 4.1 of GenRe) as a mask (n,).

        Raises
        ------
        InputError
            There is no such row; the message says which gamma would have some.
        """
        return accepted_rows(self.labels, self.scores, gamma)

    def confident(self, gamma: float) -> np.ndarray:
        """The rows that h accepts with confidence, h > gamma, whatever their label, as a mask (n,).

        Raises
        ------
        InputError
            There is no such row.
        """
        mask = self.scores > gamma
        if not mask.any():
            largest = self.scores.max()
            way_out = "lower gamma" if largest > 0.5 else "is it trained, and is label 1 its second column?"
            raise InputError(f"h is above {gamma} for no training row, at most {largest:.6g}: {way_out}")
        return mask

    def denied(self) -> np.ndarray:
        """The rows with label 0 and h <= .5 as a mask (n,); all rows where there is no such row."""
        denied = (self.scores <= 0.5) & (self.labels == 0)
        return denied if denied.any() else np.ones(len(denied), bool)

    def at(self, positions: np.ndarray) -> TrainingRows:
        """The rows at positions (k,), in their order."""
        return TrainingRows(self.values[positions], self.labels[positions], self.scores[positions])

    def at_most(self, n: int, random: np.random.Generator) -> TrainingRows:
        """All rows, or n of them, drawn evenly and in their order."""
        if len(self.values) <= n:
            return self
        return self.at(np.sort(random.choice(len(self.values), n, replace=False)))


def read_labels(column: Any, target: str) -> np.ndarray:
    """A target column's 0 and 1 as int (n,)."""
    labels = column.to_numpy(dtype=float)
    if not np.isin(labels, (0, 1)).all():
        raise InputError(
            f"the target column {target!r} must hold 0 and 1, it has {np.unique(labels)[:5].tolist()}"
        )
    numbers: np.ndarray = labels.astype(int)
    return numbers
