"""A small smooth network on the applicants, and the same one behind an interface that hides it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import torch
from method_cases import ROLES, applicants
from torch import nn

from carla_genre import load_dataset

from carla.models.api import MLModel  # isort: skip (after carla_genre)


class Probabilities(nn.Module):
    """(B, C) -> (B, 2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.layers(x)
        return torch.cat([torch.sigmoid(-logits), torch.sigmoid(logits)], dim=1)


class Network(MLModel):
    """The network behind CARLA's interface."""

    def __init__(self, data: Any, module: nn.Module) -> None:
        super().__init__(data)
        self._columns = [column for column in data.df_train.columns if column != data.target]
        self._module = module

    @property
    def feature_input_order(self) -> list[str]:
        return self._columns

    @property
    def backend(self) -> str:
        return "pytorch"

    @property
    def raw_model(self) -> Any:
        return self._module

    def predict(self, x: Any) -> np.ndarray:
        return self.predict_proba(x)[:, 1]

    def predict_proba(self, x: Any) -> np.ndarray:
        rows = torch.tensor(pd.DataFrame(x, columns=self._columns).to_numpy(dtype=np.float32))
        with torch.no_grad():
            return self._module(rows).numpy().astype(float)


class Hidden(Network):
    """The same function without a module to look into."""

    @property
    def raw_model(self) -> Any:
        return None


class Disguised(Network):
    """A module that is not what predict_proba does: it is asked for the other class."""

    def predict_proba(self, x: Any) -> np.ndarray:
        return super().predict_proba(x)[:, ::-1]


@lru_cache(maxsize=1)
def network() -> Network:
    """Trained for a moment, from a fixed seed; no test changes what it answers."""
    data = load_dataset(applicants(), encoding_method="OneHot_drop_binary", quiet=True, **ROLES)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        train = data.df_train
        x = torch.tensor(train.drop(columns=data.target).to_numpy(dtype=np.float32))
        y = torch.tensor(train[data.target].to_numpy(dtype=np.float32))
        module = Probabilities(x.shape[1])
        optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
        for _ in range(100):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy(module(x)[:, 1], y).backward()
            optimizer.step()
    return Network(data, module)
