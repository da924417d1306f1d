"""The paper's three 2-D toys: two circles, two moons and a correlated pair."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import make_circles, make_moons
from sklearn.model_selection import train_test_split

from carla_genre.datasets.adult import Frames
from carla_genre.datasets.roles import Roles

TOYS = ("circles", "moons", "corr")
TOY_ROLES = Roles(target="y", continuous=("x1", "x2"))

_ROWS = 1000
_SEED = 42
_NOISE = 0.04


def load_toy(name: str) -> Frames:
    """Return one toy: 1,000 points, of which a tenth, drawn with seed 42, are the test rows.

    Parameters
    ----------
    name : {"circles", "moons", "corr"}
        ``circles``: two circles, the inner one's radius .7 of the outer one's, noise .04. ``moons``: two half
        circles, noise .04. ``corr``: x1 uniform in [-.5, .5); x2 is .5 tanh(20 x1) times a uniform draw, so
        that both have the same sign; y is 1 with probability sigmoid(2 (x2 + 60 x1^3)).

    Returns
    -------
    Frames
        Columns x1, x2 and y, not scaled. The same points at every call.
    """
    if name == "circles":
        points, labels = make_circles(n_samples=_ROWS, noise=_NOISE, factor=0.7, random_state=_SEED)
    elif name == "moons":
        points, labels = make_moons(n_samples=_ROWS, noise=_NOISE, random_state=_SEED)
    else:
        points, labels = _correlated_pair()
    table = pd.DataFrame({"x1": points[:, 0], "x2": points[:, 1], "y": labels.astype(np.int64)})
    train, test = train_test_split(table, test_size=0.1, random_state=_SEED)
    return Frames(table, train.reset_index(drop=True), test.reset_index(drop=True))


def _correlated_pair() -> tuple[np.ndarray, np.ndarray]:
    # The legacy generator, because the paper's points were drawn by it.
    random = np.random.RandomState(_SEED)
    x1 = random.rand(_ROWS) - 0.5
    x2 = np.tanh(20 * x1) * random.rand(_ROWS) / 2
    probability = 1 / (1 + np.exp(-(x2 + 60 * x1**3) / 0.5))
    return np.column_stack([x1, x2]), random.binomial(n=1, p=probability)
