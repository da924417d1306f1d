"""The cheapest of some rows that each person's constraints allow."""

from __future__ import annotations

import numpy as np

from carla_genre.schema import Schema


def cheapest_allowed(schema: Schema, values: np.ndarray, rows: np.ndarray, k: int = 1) -> np.ndarray:
    """Each person's k cheapest rows that keep all constraints, the cheapest first; of equals the first.

    Parameters
    ----------
    schema : Schema
    values : ndarray (B, D)
        Encoded people.
    rows : ndarray (n, D)
    k : int

    Returns
    -------
    ndarray (B, D), or (B, k, D) where k > 1
        NaN where there are fewer.
    """
    found = np.full((len(values), k, values.shape[1]), np.nan)
    for person, nearest in zip(values, found, strict=True):
        allowed = rows[schema.allowed(person, rows)]
        cost = schema.cost(person, allowed)
        near = (
            allowed[np.argsort(cost, kind="stable")[:k]]
            if k > 1 or not len(allowed)
            else allowed[[cost.argmin()]]
        )
        nearest[: len(near)] = near
    return found[:, 0] if k == 1 else found
