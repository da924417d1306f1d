from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from file_cases import PEOPLE, TABLE, Watched, ask, write
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
            Watched(pipeline(TABLE)), TABLE, "approved", constraints=frozen, hyperparams=given, verbose=False
        )


@pytest.fixture
def classifier(recourse: Recourse) -> Iterator[Watched]:
    """The one that it asks; as it was when the test is over."""
    classifier = recourse.classifier
    yield classifier
    vars(classifier).update(vars(Watched(classifier.model)))


@pytest.fixture(scope="session")
def answered(recourse: Recourse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all people's answers, of three parts."""
    folder = tmp_path_factory.mktemp("answered")
    ask(recourse, write(PEOPLE, folder / "in.parquet"), folder / "out")
    return folder / "out"
