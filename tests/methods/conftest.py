from collections.abc import Iterator

import pytest
from method_cases import QUICK, Logistic, make_mlmodel, quick_selector

from carla_genre import GenRe


@pytest.fixture(scope="session")
def mlmodel() -> Logistic:
    return make_mlmodel()


@pytest.fixture(scope="session")
def genre(mlmodel: Logistic) -> GenRe:
    return GenRe(mlmodel, QUICK)


@pytest.fixture(scope="module")
def quick_selectors() -> Iterator[None]:
    """Selectors that are fitted in a moment, for all tests of a module: it asks by ``usefixtures``."""
    with quick_selector():
        yield
