"""A network on the applicants, and hyperparameters with which CARLA's methods answer in a moment."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from method_cases import ROLES, applicants

from carla_genre import load_dataset
from carla_genre.protocol.classifier import ProtocolClassifier
from carla_genre.protocol.classifiers import train_by_name

_VAE = {"layers": [16, 8], "epochs": 2, "batch_size": 256}
#: The methods that take this network, each with settings for tests.
QUICK: dict[str, dict[str, Any]] = {
    "Wachter": {"t_max_min": 0.01},
    "GrowingSpheres": {},
    "Dice": {"posthoc_sparsity_param": 0},
    "Face": {"fraction": 0.1},
    "Revise": {"max_iter": 30, "vae_params": _VAE},
    "CCHVAE": {"max_iter": 30, "vae_params": _VAE},
    "CRUD": {"max_iter": 30, "vae_params": _VAE},
}


def network(frame: pd.DataFrame | None = None, **roles: Any) -> ProtocolClassifier:
    """A pytorch classifier on 1,500 applicants."""
    data = load_dataset(applicants() if frame is None else frame, quiet=True, **{**ROLES, **roles})
    columns = [column for column in data.df_train if column != data.target]
    return train_by_name("ann", data, columns, balanced=True, seed=42, epochs=10).mlmodel


@contextlib.contextmanager
def global_random_state_unchanged() -> Iterator[None]:
    """Fails where what happens inside draws from, or seeds, a global random state."""
    numpys, pythons, torchs = np.random.get_state(), random.getstate(), torch.get_rng_state()
    yield
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), numpys, strict=True))
    assert random.getstate() == pythons
    assert torch.equal(torch.get_rng_state(), torchs)
