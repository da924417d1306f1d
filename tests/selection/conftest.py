"""One small GenRe with a fitted selector, for all tests of the room."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from method_cases import Logistic, denied, make_mlmodel, quick_selector
from selection_cases import EXPECTED

from carla_genre import GenRe


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Selectors that are fitted in a moment."""
    with quick_selector():
        yield


@pytest.fixture(scope="session")
def mlmodel() -> Logistic:
    return make_mlmodel()


@pytest.fixture(scope="session")
def genre(mlmodel: Logistic) -> GenRe:
    with quick_selector():
        return GenRe(mlmodel, EXPECTED)


@pytest.fixture(scope="session")
def asked(genre: GenRe, mlmodel: Logistic) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Encoded factuals, their candidates, and h of these."""
    values = genre.schema.encode(denied(mlmodel, 40))
    candidates = genre.candidates(values)
    return values, candidates, genre.scores(candidates)
