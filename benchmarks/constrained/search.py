"""Is there an answer at all? All products of values that occur, or thousands of draws and children of the best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from carla_genre.schema import Schema

MOST = 10_000
FIRST, ROUND, PARENTS = 1000, 1000, 50


def reachable(
    schema: Schema,
    rows: np.ndarray,
    scores: Callable[[np.ndarray], np.ndarray],
    values: np.ndarray,
    seed: int,
) -> np.ndarray:
    """For whom a row is found that keeps the constraints and that h accepts, bool (B,).

    Parameters
    ----------
    schema : Schema
        With the constraints.
    rows : ndarray (n, D)
        Encoded training rows: what a feature may become is one of their values.
    scores : callable
        h of encoded rows, (n, D) -> (n,).
    values : ndarray (B, D)
        Encoded factuals.
    seed : int
        Of the draws.
    """
    lower, upper = schema.bounds(values)
    seen = [np.unique(column) for column in rows.T]
    likely = rows[np.argsort(-scores(rows), kind="stable")[: len(rows) // 4]]
    found = np.zeros(len(values), bool)
    for person, factual in enumerate(values):
        ends = zip(seen, lower[person], upper[person], factual, strict=True)
        options = [np.union1d(kept[(kept >= low) & (kept <= high)], [own]) for kept, low, high, own in ends]
        random = np.random.default_rng([seed, person])
        found[person] = (
            _any_product(options, scores)
            if math.prod(map(len, options)) <= MOST
            else _any_drawn(options, schema.constrain(factual, likely), scores, random)
        )
    return found


def _any_product(options: Sequence[np.ndarray], scores: Callable[[np.ndarray], np.ndarray]) -> bool:
    return bool((scores(np.array(list(itertools.product(*options)))) > 0.5).any())


def _any_drawn(
    options: Sequence[np.ndarray],
    likely: np.ndarray,
    scores: Callable[[np.ndarray], np.ndarray],
    random: np.random.Generator,
) -> bool:
    """Rows that h likes with what is fixed put back, random products, and then children of the best."""
    half = FIRST // 2
    start = likely[random.integers(0, len(likely), half)]
    pool = np.concatenate([start, _products(options, FIRST - half, random)])
    best = scores(pool)
    for _ in range((MOST - FIRST) // ROUND):
        if best.max() > 0.5:
            return True
        parents = pool[np.argsort(-best, kind="stable")[:PARENTS]]
        pairs = parents[random.integers(0, len(parents), (2, ROUND))]
        children = np.where(random.random(pairs[0].shape) < 0.5, *pairs)
        mutated = random.random(children.shape) < 1.5 / len(options)
        children = np.where(mutated, _products(options, ROUND, random), children)
        pool = np.concatenate([parents, children])
        best = scores(pool)
    return bool(best.max() > 0.5)


def _products(options: Sequence[np.ndarray], count: int, random: np.random.Generator) -> np.ndarray:
    return np.column_stack([one[random.integers(0, len(one), count)] for one in options])
