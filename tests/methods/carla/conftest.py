from __future__ import annotations

import pytest
from carla_cases import network

from carla_genre.protocol.classifier import ProtocolClassifier


@pytest.fixture(scope="session")
def classifier() -> ProtocolClassifier:
    return network()
