import pytest
from protocol_cases import few_trees
from protocol_cases import small_paper as in_its_place

from carla_genre.protocol import prepare


@pytest.fixture(scope="module")
def small_paper():
    with in_its_place():
        yield


@pytest.fixture(scope="session")
def setting():
    """The small setting, prepared once; no test changes it."""
    with in_its_place():
        return prepare("compas", seed=3, n_factuals=25)


@pytest.fixture(scope="module", autouse=True)
def quick_gold():
    with few_trees():
        yield
