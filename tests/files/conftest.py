from __future__ import annotations

import pytest
from file_cases import TABLE
from loans import QUICK, pipeline
from method_cases import quick_selector

from carla_genre import Recourse
from carla_genre.constraints import Freeze


@pytest.fixture(scope="session")
def recourse() -> Recourse:
    """Trained for a moment: what it recommends is not the question here."""
    with quick_selector():
        given = {**QUICK, "verbose": False}
        frozen = [Freeze("age")]
        return Recourse(
            pipeline(TABLE), TABLE, "approved", constraints=frozen, hyperparams=given, verbose=False
        )
