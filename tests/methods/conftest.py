import pytest
from method_cases import QUICK, Logistic, make_mlmodel

from carla_genre import GenRe


@pytest.fixture(scope="session")
def mlmodel() -> Logistic:
    return make_mlmodel()


@pytest.fixture(scope="session")
def genre(mlmodel: Logistic) -> GenRe:
    return GenRe(mlmodel, QUICK)
