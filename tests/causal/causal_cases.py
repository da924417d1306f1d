"""A small chain of features with known equations, and methods on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from carla_genre import load_dataset
from carla_genre.causal import Causes

# income and age make savings, savings make debt.
GRAPH = {"savings": ["income", "age"], "debt": ["savings"]}
EQUATIONS = {
    "savings": lambda causes: 0.5 * causes["income"] + 2.0 * causes["age"],
    "debt": lambda causes: -0.8 * causes["savings"],
}
GIVEN = Causes(GRAPH, EQUATIONS)
ROLES: dict[str, Any] = {
    "target": "approved",
    "categorical": ["owner"],
    "continuous": ["income", "age", "savings", "debt"],
    "immutables": ["age"],
}
QUICK = {
    "training": {"steps": 60, "batch_size": 128, "evaluations": 4},
    "architecture": {"decoder_layers": 1},
    "n_samples": 20,
    "verbose": False,
}


def people(n: int = 800, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"income": random.normal(30, 8, n), "age": random.uniform(20, 60, n)})
    frame["owner"] = random.choice(["no", "yes"], n)
    frame["savings"] = 0.5 * frame["income"] + 2.0 * frame["age"] + random.normal(0, 5, n)
    frame["debt"] = -0.8 * frame["savings"] + random.normal(0, 5, n)
    merit = (frame["income"] - 30) / 8 + (frame["savings"] - 95) / 20 - (frame["debt"] + 76) / 20
    frame["approved"] = (merit + (frame["owner"] == "yes") + random.normal(0, 0.3, n) > 0.8).astype(int)
    return frame


def catalog(**roles: Any) -> Any:
    return load_dataset(people(), quiet=True, **{**ROLES, **roles})
