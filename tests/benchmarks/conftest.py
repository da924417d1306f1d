"""A small data set with the paper's roles, so that the protocol runs in seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.paper import data as paper_data
from benchmarks.paper import protocol
from carla_genre.datasets import load_dataset


def loans(n: int, seed: int) -> pd.DataFrame:
    """Income decides; sex is a binary category, immutable below."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.integers(20, 70, n),
            "sex": random.choice(["Female", "Male"], n),
            "income": random.normal(30, 10, n).round(1),
            "children": random.integers(0, 4, n),
        }
    )
    p = 1 / (1 + np.exp(-(frame["income"] - 30) / 3))
    return frame.assign(granted=(random.random(n) < p).astype(int))


@pytest.fixture(scope="module")
def small_paper():
    """The protocol's data set ``compas`` is a small one of ours; nothing is remembered afterwards."""

    def load(name, root=None, roles="carla"):
        assert roles == "paper"
        return load_dataset(
            loans(600, 0), target="granted", immutables=["sex"], test=loans(300, 1), quiet=True
        )

    remembered = (protocol._gold, protocol._classifier)
    for cached in remembered:
        cached.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper_data, "load_dataset", load)
        yield
    for cached in remembered:
        cached.cache_clear()
