"""What the tests of the door share: loan applications, a pipeline trained on them, and the door to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from loans import PEOPLE, TRAIN, built, pipeline, refused
from method_cases import quick_selector

from carla_genre import Recourse
from carla_genre.constraints import Freeze


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    with quick_selector():
        yield


@pytest.fixture(scope="module")
def model() -> Any:
    return pipeline(TRAIN)


@pytest.fixture(scope="module")
def recourse(model: Any) -> Recourse:
    return built(model, constraints=[Freeze("age")])


@pytest.fixture(scope="module")
def denied(model: Any) -> pd.DataFrame:
    return refused(model, PEOPLE)
