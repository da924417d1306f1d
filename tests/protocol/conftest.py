import pytest
from protocol_cases import few_trees
from protocol_cases import small_paper as in_its_place


@pytest.fixture(scope="module")
def small_paper():
    with in_its_place():
        yield


@pytest.fixture(scope="module", autouse=True)
def quick_gold():
    with few_trees():
        yield
