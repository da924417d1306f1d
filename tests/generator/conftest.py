from dataclasses import replace

import pytest
from generator_cases import PAPER_LIKE, PATCHED, PREFIX, SUMMARY

from carla_genre.generator.config import Architecture

KINDS = {
    "summary": SUMMARY,
    "prefix": PREFIX,
    "encoder-decoder": PAPER_LIKE,
    "patches": PATCHED,
    "patches of a summary": replace(SUMMARY, patch=3),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    """All kinds that read a factual, and patches of features."""
    return request.param
