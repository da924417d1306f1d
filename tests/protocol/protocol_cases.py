"""A small data set in the place of the protocol's COMPAS, so that the protocol runs in seconds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from carla_genre.datasets import load_dataset
from carla_genre.evaluation import gold
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
def few_trees() -> Iterator[None]:
    """The gold classifier is of fewer trees inside: it is trained in a moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gold, "RandomForestClassifier", partial(RandomForestClassifier, n_estimators=20))
        yield


@contextlib.contextmanager
def small_paper() -> Iterator[None]:
    """The data set ``compas`` is a small one of ours inside, the gold classifier has few trees; nothing is kept."""

    def load(name, root=None, roles="carla"):
        assert roles == "paper"
        return load_dataset(
            loans(600, 0), target="granted", immutables=["sex"], test=loans(300, 1), quiet=True
        )

    cache.forget()
    with few_trees(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol_data, "load_dataset", load)
        yield
    cache.forget()
