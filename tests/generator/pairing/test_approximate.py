import logging
import pickle
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from generator_cases import make_constraints, make_rows

from carla_genre.errors import MissingDependencyError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing import approximate
from carla_genre.generator.pairing.pairs import find_pairs

IMMUTABLE = np.array([False, False, False, True])
DENIED, ACCEPTED = make_rows(300, 0), make_rows(4000, 1)
EXACT = PairConfig(top_k=20, unmatched="drop")
APPROXIMATE = replace(EXACT, search="approximate")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "LEAST_TARGETS", 500)


def cost(pairs, rows: torch.Tensor, constraints) -> np.ndarray:
    targets = pairs.targets[pairs.near(rows)[0].numpy()]
    change = targets - pairs.sources[rows.numpy()][:, None]
    return np.where(constraints.categorical, change != 0, np.abs(change)).sum(-1)


@pytest.mark.parametrize(
    "constraints", [make_constraints(), make_constraints(immutable=IMMUTABLE)], ids=["free", "immutable"]
)
@pytest.mark.parametrize("table", ["on", "off"])
def test_nearly_all_of_the_nearest_are_found(
    constraints, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("faiss")
    with caplog.at_level(logging.INFO, logger="carla_genre"):
        found = find_pairs(DENIED, ACCEPTED, constraints, replace(APPROXIMATE, table=table))
    assert "clusters" in caplog.text
    exact = find_pairs(DENIED, ACCEPTED, constraints, EXACT)
    rows = torch.arange(len(exact))
    near, known = cost(found, rows, constraints), cost(exact, rows, constraints)
    assert (near >= known - 1e-6).all()
    recall = (near <= known[:, -1:] + 1e-5).mean()
    assert recall > 0.98 and found.recall >= approximate.RECALL
    assert abs(recall - found.recall) < 0.01  # what is told is what is so
    if constraints.immutable.any():
        drawn = found.targets[found.draw(rows, torch.Generator().manual_seed(0)).numpy()]
        np.testing.assert_array_equal(drawn[:, 3], found.sources[:, 3])


def test_an_index_can_be_sent_to_another_process() -> None:
    pytest.importorskip("faiss")
    pairs = find_pairs(DENIED, ACCEPTED, make_constraints(), replace(APPROXIMATE, table="off"))
    sent = pickle.loads(pickle.dumps(pairs))
    assert torch.equal(*(one.near(torch.arange(50))[0] for one in (pairs, sent)))


def test_what_an_index_cannot_keep_is_searched_exactly() -> None:
    constraints = make_constraints(direction=np.array([1, 0, 0, 0]))
    found, exact = (find_pairs(DENIED, ACCEPTED, constraints, config) for config in (APPROXIMATE, EXACT))
    assert found.recall == 1.0
    for one, other in zip(found.near(torch.arange(300)), exact.near(torch.arange(300)), strict=True):
        assert torch.equal(one, other)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingDependencyError, match=r"carla-genre\[neighbours\]"):
        find_pairs(DENIED, ACCEPTED, make_constraints(), APPROXIMATE)
