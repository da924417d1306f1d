import pytest
from protocol_cases import small_paper as in_its_place


@pytest.fixture(scope="module")
def small_paper():
    with in_its_place():
        yield
