"""A small table of people, made up, for catalogs and classifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROLES: dict[str, Any] = {
    "categorical": ["sex", "job"],
    "continuous": ["age", "hours"],
    "immutables": ["sex"],
    "target": "y",
}


def people(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """Two continuous features, a binary and a three-level categorical one, and a target that follows from them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 80, rows),
            "hours": rng.normal(40, 5, rows).round(),
            "sex": rng.choice(["f", "m"], rows),
            "job": rng.choice(["a", "b", "c"], rows),
        }
    )
    table["y"] = (table["age"] + table["hours"] + rng.normal(0, 5, rows) > 90).astype(int)
    return table


def csv_file(folder: Path, **options: Any) -> str:
    """Write such a table; the file's path."""
    path = folder / f"people_{options.get('seed', 0)}.csv"
    people(**options).to_csv(path, index=False)
    return str(path)
