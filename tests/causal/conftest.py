"""One classifier, and methods with and without causes, for all tests of the room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from causal_cases import GIVEN, QUICK, catalog
from method_cases import Logistic, denied, quick_selector

from carla_genre import GenRe


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Selectors that are fitted in a moment."""
    with quick_selector():
        yield


@pytest.fixture(scope="session")
def mlmodel() -> Logistic:
    return Logistic(catalog())


@pytest.fixture(scope="session")
def factuals(mlmodel: Logistic) -> pd.DataFrame:
    return denied(mlmodel, 30)


@pytest.fixture(scope="session")
def genre(mlmodel: Logistic) -> GenRe:
    with quick_selector():
        return GenRe(mlmodel, {**QUICK, "causes": GIVEN})


@pytest.fixture(scope="session")
def original(mlmodel: Logistic) -> Any:
    """Encoded frames in original units."""

    def undone(rows: pd.DataFrame) -> pd.DataFrame:
        names = list(mlmodel.data.continuous)
        numbers = mlmodel.data.scaler.inverse_transform(rows[names].to_numpy(dtype=float))
        return pd.DataFrame(np.asarray(numbers), rows.index, names)

    return undone
