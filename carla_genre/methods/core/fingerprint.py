"""Recognise a classifier by its answers to synthetic rows: h is a black box, its file unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from carla_genre.schema import Schema

PROBES = 64
# Other hardware, precision or library versions move a probability less than this.
TOLERANCE = 1e-3


def fingerprint(schema: Schema, scores: Callable[[np.ndarray], np.ndarray]) -> list[float]:
    """Ask h about 64 rows that are drawn evenly from the schema's ranges and levels; no row is a person's.

    Parameters
    ----------
    schema : Schema
    scores : callable
        Encoded rows (B, D) -> h (B,).
    """
    random = np.random.default_rng(0)
    rows = np.empty((PROBES, len(schema.features)))
    for position, feature in enumerate(schema.features):
        if feature.levels is not None:
            rows[:, position] = random.integers(len(feature.levels), size=PROBES)
        else:
            rows[:, position] = random.uniform(feature.lower, feature.upper, PROBES)
    return [round(float(score), 6) for score in scores(rows)]


def difference(one: Sequence[float], other: Sequence[float]) -> str | None:
    """How two fingerprints differ, or None where they are of the same classifier."""
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape:
        return f"{len(a)} probes against {len(b)}"
    apart = np.abs(a - b)
    if apart.max(initial=0.0) <= TOLERANCE:
        return None
    return f"h differs on {(apart > TOLERANCE).sum()} of {len(a)} probe rows, by up to {apart.max():.3f}"
