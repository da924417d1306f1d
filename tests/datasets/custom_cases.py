"""A user's table, and how it is loaded."""

from __future__ import annotations

import numpy as np
import pandas as pd

from carla_genre import load_dataset

ROWS = 120


def loans(rows=ROWS):
    """A made-up table: 12 levels, a bool, texts and numbers; the index counts backwards."""
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": random.integers(18, 80, rows),
            "income": random.normal(3000, 500, rows).round(2),
            "grade": [f"G{number % 12}" for number in range(rows)],
            "owner": random.random(rows) < 0.5,
            "children": random.integers(0, 4, rows),
            "approved": np.where(np.arange(rows) % 3 == 0, "yes", "no"),
        },
        index=[f"person {rows - number}" for number in range(rows)],
    )


def load(table=None, **arguments):
    arguments = {"target": "approved", "quiet": True} | arguments
    return load_dataset(loans() if table is None else table, **arguments)


def changed(**columns):
    return loans().assign(**columns)
