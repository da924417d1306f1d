import pytest
from generator_cases import PAPER_LIKE, PATCHED, SUMMARY

from carla_genre.generator.config import Architecture

KINDS = {
    "summary": SUMMARY,
    "encoder-decoder": PAPER_LIKE,
    "patches": PATCHED,
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    """All kinds that read a factual, and patches of features."""
    return request.param
