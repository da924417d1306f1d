"""A small data set in the place of the protocol's COMPAS, so that the protocol runs in seconds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from carla_genre.datasets import load_dataset
from carla_genre.protocol import cache
from carla_genre.protocol import data as protocol_data


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


@contextlib.contextmanager
def small_paper() -> Iterator[None]:
    """The protocol's data set ``compas`` is a small one of ours inside; nothing is remembered afterwards."""

    def load(name, root=None, roles="carla"):
        assert roles == "paper"
        return load_dataset(
            loans(600, 0), target="granted", immutables=["sex"], test=loans(300, 1), quiet=True
        )

    cache.forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol_data, "load_dataset", load)
        yield
    cache.forget()
