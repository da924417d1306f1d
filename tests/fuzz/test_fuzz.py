"""Some hundred odd cases, the same ones each time; python -m benchmarks.reliability.fuzz draws thousands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.reliability.file_surfaces import Desk
from benchmarks.reliability.fuzz import SURFACES, fuzz

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    return Desk(Path(tmp_path_factory.mktemp("desk")))


@pytest.mark.parametrize("surface", SURFACES)
def test_each_case_is_right_or_one_error(surface: str, desk: Desk) -> None:
    cases = max(10, round(200 * SURFACES[surface][1]))
    outcomes = fuzz(surface, desk, cases)
    assert sum(outcomes.values()) >= cases
    assert len(outcomes) > 1, f"all cases end alike: {outcomes}"
