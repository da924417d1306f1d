import pytest
from generator_cases import PAPER_LIKE, PREFIX

from carla_genre.generator.config import Architecture


@pytest.fixture(params=["prefix", "encoder-decoder"])
def architecture(request: pytest.FixtureRequest) -> Architecture:
    """Both kinds."""
    return PREFIX if request.param == "prefix" else PAPER_LIKE
