import pytest
from generator_cases import PAPER_LIKE, PATCHED, PREFIX

from carla_genre.generator.config import Architecture

KINDS = {"prefix": PREFIX, "encoder-decoder": PAPER_LIKE, "patches": PATCHED}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    """Both kinds, and patches of features."""
    return request.param
