"""Whether a saved generator is for this schema, these rows and this classifier, which is known by its answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from carla_genre.schema import Schema

PROBES = 64
# Other hardware, precision or library versions move a probability less than this.
TOLERANCE = 1e-3


def fingerprint(schema: Schema, scores: Callable[[np.ndarray], np.ndarray]) -> list[float]:
    """The scores h of 64 rows that are drawn evenly from the schema's ranges and levels; no row is a person's.

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


def fingerprint_difference(one: Sequence[float], other: Sequence[float]) -> str | None:
    """How two fingerprints differ, or None where they are of the same classifier."""
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape:
        return f"{len(a)} probes against {len(b)}"
    apart = np.abs(a - b)
    if apart.max(initial=0.0) <= TOLERANCE:
        return None
    return f"h differs on {(apart > TOLERANCE).sum()} of {len(a)} probe rows, by up to {apart.max():.3f}"


def schema_difference(saved: Schema, found: Schema, exactly: bool = False) -> str | None:
    """What keeps a generator of one schema from another one, or None.

    A stricter constraint than in training does. A looser one, such as was given to GenRe, does so only if ``exactly``.
    """
    if saved.columns != found.columns:
        missing = sorted(set(saved.columns) - set(found.columns))
        new = sorted(set(found.columns) - set(saved.columns))
        if missing or new:
            return f"the classifier lacks columns {missing} and has {new} besides"
        return f"the columns are in another order: {list(found.columns)} instead of {list(saved.columns)}"
    for one, other in zip(saved.features, found.features, strict=True):
        name = f"feature {one.name!r}"
        if (one.name, one.columns, one.levels) != (other.name, other.columns, other.levels):
            return f"{name} was {one}, is {other}"
        if other.immutable and not one.immutable:
            return f"{name} is immutable now and was not in training"
        if other.direction not in (0, one.direction):
            return f"{name} may change in one direction only, which was not so in training"
        if one.lower < other.lower or one.upper > other.upper:
            return f"{name} had range {(one.lower, one.upper)}, has {(other.lower, other.upper)}"
        if exactly and one != other:
            return f"{name} was {one}, is {other}"
    return None


def rows_digest(schema: Schema, values: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """What identifies training rows: their number, and a digest of each feature and of the labels.

    Parameters
    ----------
    schema : Schema
    values : ndarray (n, D)
        Encoded. Digits that another machine may compute otherwise do not count.
    labels : ndarray (n,)
    """
    *columns, label = (
        hashlib.sha256(np.ascontiguousarray(column.round(6) + 0.0).data).hexdigest()[:16]
        for column in (*values.T, labels.astype(float))
    )
    return {"number": len(values), "columns": dict(zip(schema.names, columns, strict=True)), "label": label}


def rows_difference(saved: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """How the rows of two digests differ, or None."""
    if saved["number"] != found["number"]:
        return f"{saved['number']} rows there, {found['number']} here"
    apart = [
        f"feature {name!r}" for name, one in saved["columns"].items() if one != found["columns"].get(name)
    ]
    apart += ["the label"] if saved["label"] != found["label"] else []
    return f"other values, or another order, of {', '.join(apart)}" if apart else None
