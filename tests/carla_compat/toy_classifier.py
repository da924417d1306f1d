"""A logistic classifier on six columns, one of its categories of three levels, and people whom it denies."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch

import carla_genre  # noqa: F401 (before carla)

from carla import MLModel

HEAD = hasattr(MLModel, "get_mutable_mask")
COLUMNS = ["pay", "age", "sex_m", "job_x", "job_y", "job_z"]
LABELS = ["r7", "r1", "r3", "r2"]


class Encoder:
    """Two categories, one of them dropped to one column, and their decoding."""

    def get_feature_names(self, features: list[str]) -> list[str]:
        return COLUMNS[2:]


class Toy(MLModel):
    """A logistic classifier on six columns, one category of three levels, with the least of a data catalog."""

    backend = "pytorch"
    feature_input_order = COLUMNS

    def __init__(self, accept_nan: bool = True) -> None:
        draws = np.random.default_rng(0)
        rows = draws.random((65, 6))
        rows[:, 2] = rows[:, 2].round()
        rows[:, 3:] = np.eye(3)[draws.integers(0, 3, len(rows))]
        frame = pd.DataFrame(rows.round(2), columns=COLUMNS)
        frame["good"] = (frame["pay"] > 0.5).astype(int)
        self._data = SimpleNamespace(
            df=frame,
            continuous=["pay", "age"],
            categorical=["sex", "job"],
            immutables=["age"],
            target="good",
            encoder=Encoder(),
            inverse_transform=lambda x: x.rename(columns={"sex_m": "sex", "job_x": "job"}),
        )
        self.accept_nan = accept_nan

    @property
    def data(self):
        return self._data

    @property
    def raw_model(self):
        return self._probabilities

    def _probabilities(self, x: torch.Tensor) -> torch.Tensor:
        good = torch.sigmoid(8 * (x[:, 0] + 0.2 * x[:, 3] - 0.6))
        return torch.stack([1 - good, good], dim=1)

    def predict_proba(self, x):
        if torch.is_tensor(x):
            return self._probabilities(x)
        values = torch.tensor(np.array(x)).float()  # an array of objects is refused, as by a real classifier
        if not self.accept_nan and bool(values.isnan().any()):
            raise ValueError("Input X contains NaN")
        return self._probabilities(values).numpy()

    def predict(self, x):
        return self.predict_proba(x)[:, 1]


def denied(model: Toy) -> pd.DataFrame:
    frame = model.data.df
    rows = frame[np.argmax(model.predict_proba(frame[COLUMNS]), axis=1) == 0].head(len(LABELS)).copy()
    rows.index = LABELS
    return rows


def numbers_only() -> Toy:
    """A classifier that sees the numbers alone, as CARLA's forests do."""
    model = Toy()
    model.feature_input_order = COLUMNS[:2]
    model._probabilities = lambda x: torch.stack([0.8 - x[:, 0], 0.2 + x[:, 0]], dim=1).clamp(0, 1)
    return model


def one_level_each(frame: pd.DataFrame) -> bool:
    """Whether there are answers, and each has exactly one of the three levels."""
    found = frame.dropna()
    jobs = found[["job_x", "job_y", "job_z"]].to_numpy()
    return len(found) > 0 and bool(np.isin(jobs, [0, 1]).all() and (jobs.sum(axis=1) == 1).all())
