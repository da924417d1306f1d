"""What the tests of the rule "expected" share."""

from __future__ import annotations

from typing import Any

import numpy as np
from method_cases import QUICK
from scipy.special import expit

from carla_genre.selection.expected_score import ExpectedScore

EXPECTED: dict[str, Any] = {**QUICK, "selection": "expected", "n_samples": 30}


def expectation(objective: ExpectedScore, values: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """By the formula, for every candidate (B, N)."""
    flat = candidates.reshape(-1, candidates.shape[-1])
    validity, inlier = (
        of(flat).reshape(candidates.shape[:2]) for of in (objective.validity, objective.inlier)
    )
    return validity - objective.schema.cost(values[:, None], candidates) / values.shape[1] + inlier


def two_moons(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    rows = random.random((n, 2)).astype(np.float32)
    return rows, (random.random(n) < expit(8 * (rows.sum(axis=1) - 1))).astype(int)
