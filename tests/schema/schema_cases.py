"""A small schema with every kind of constraint, and rows inside and outside of it."""

import numpy as np

from carla_genre.schema import Feature, Schema

FEATURES = (
    Feature("free", ("free",), None, lower=0.0, upper=1.0),
    Feature("rising", ("rising",), None, direction=1, lower=0.0, upper=1.0),
    Feature("falling", ("falling",), None, direction=-1, lower=-1.0, upper=1.0),
    Feature("frozen", ("frozen",), None, immutable=True, lower=0.0, upper=1.0),
    Feature("job", ("a", "b", "c"), ((1, 0, 0), (0, 1, 0), (0, 0, 1))),
    Feature("sex", ("sex",), ((0.0,), (1.0,)), immutable=True),
)
SCHEMA = Schema(FEATURES, tuple(column for feature in FEATURES for column in feature.columns))


def rows(n: int, seed: int) -> np.ndarray:
    """Values inside and outside the ranges."""
    random = np.random.default_rng(seed)
    values = random.uniform(-0.5, 1.5, (n, len(FEATURES)))
    values[:, 4], values[:, 5] = random.integers(0, 3, n), random.integers(0, 2, n)
    return values
