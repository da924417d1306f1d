"""What a method may learn from: the training rows, their labels, and h of each."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.pairs import Pairs, accepted_rows, split_rows
from carla_genre.schema import Schema

if TYPE_CHECKING:
    from carla_genre.methods.core.base import SchemaMethod

log = logging.getLogger(__name__)


class Sides(NamedTuple):
    """D_h- (n, D) and D_h+ (N, D) of section 4.1, encoded."""

    denied: np.ndarray
    accepted: np.ndarray


class People(Protocol):
    """Training rows from elsewhere than the classifier's own data."""

    def sides(self, method: SchemaMethod, config: PairConfig) -> Sides:
        """D_h- and D_h+ as arrays, in the method's features and by its classifier."""

    def labelled(self, method: SchemaMethod, at_most: int) -> TrainingRows:
        """An even sample of all rows, of both labels and of every h."""


@dataclass(frozen=True)
class TrainingRows:
    """The classifier's training data, encoded.

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


def read_labels(column: Any, target: str) -> np.ndarray:
    """A target column's 0 and 1 as int (n,)."""
    labels = column.to_numpy(dtype=float)
    if not np.isin(labels, (0, 1)).all():
        raise InputError(
            f"the target column {target!r} must hold 0 and 1, it has {np.unique(labels)[:5].tolist()}"
        )
    return labels.astype(int)


def warn_of_unmatched(pairs: Pairs, schema: Schema) -> None:
    """Say in the log how many denied rows have no accepted row that their constraints allow, if any."""
    if not pairs.n_relaxed and not pairs.n_unmatched:
        return
    names = ", ".join(feature.name for feature in schema.features if feature.immutable) or "none"
    log.warning(
        "of %d denied training rows, %d have no accepted row of the same immutables (%s) that their constraints allow: "
        "%d are paired with the accepted rows nearest in them, %d are not learned from, so that people like these get "
        "answers that are extrapolated, or NaN; what is immutable stays as it is for everyone",
        len(pairs) + pairs.n_unmatched,
        pairs.n_relaxed + pairs.n_unmatched,
        names,
        pairs.n_relaxed,
        pairs.n_unmatched,
    )
