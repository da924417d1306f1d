"""A small classifier with a one-hot group, a binary category and an immutable, made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from carla_genre.schema import Schema

COLUMNS = ["income", "age", "job_clerk", "job_cook", "job_smith", "sex_male"]


class Approver:
    """p(y = 1) = income, clipped; CARLA's interface, as far as a measure needs it."""

    feature_input_order = COLUMNS

    def __init__(self, frame: pd.DataFrame) -> None:
        self.data = SimpleNamespace(
            continuous=["income", "age"],
            categorical=["job", "sex"],
            immutables=["age", "sex"],
            target="y",
            df=frame,
            df_train=frame,
            constraints={"income": {"direction": "increase"}},
        )

    def predict_proba(self, rows) -> np.ndarray:
        p = np.clip(np.asarray(rows, dtype=float)[:, 0], 0, 1)
        return np.stack([1 - p, p], axis=1)


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    jobs = np.eye(3)[random.integers(0, 3, 300)]
    income = random.random(300)
    values = np.column_stack([income, random.random(300), jobs, random.integers(0, 2, 300)])
    return pd.DataFrame(values, columns=COLUMNS).assign(y=(income + 0.1 * random.random(300) > 0.55) * 1)


@pytest.fixture(scope="session")
def approver(frame) -> Approver:
    return Approver(frame)


@pytest.fixture(scope="session")
def schema(approver) -> Schema:
    return Schema.from_mlmodel(approver)


@pytest.fixture
def factuals(frame) -> pd.DataFrame:
    return frame.sort_values("income").head(6).set_axis([f"p{i}" for i in range(6)])
