"""Q searched for each batch is the table's Q, in bounded memory."""

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from generator_cases import make_constraints, make_rows
from scipy import stats

from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing import neighbours
from carla_genre.generator.pairing.neighbours import Search
from carla_genre.generator.pairing.pairs import Pairs, SearchedPairs, TablePairs, find_pairs

IMMUTABLE = np.array([False, False, False, True])
RULES = {
    "free": make_constraints(),
    "immutable": make_constraints(immutable=IMMUTABLE),
    "direction": make_constraints(immutable=IMMUTABLE, direction=np.array([1, 0, -1, 0])),
    "relaxed": make_constraints(immutable=np.array([True, False, True, True])),
}
DRAWS = 20_000


def pairs_of(constraints, table: str, **config) -> Pairs:
    denied, accepted = make_rows(60, 2), make_rows(80, 3)
    denied[:20, [0, 2]] = accepted[:20, [0, 2]]  # with "relaxed", some have a match and others have not
    return find_pairs(denied, accepted, constraints, PairConfig(lambda_=3.0, table=table, **config))


@pytest.mark.parametrize("constraints", RULES.values(), ids=RULES)
@pytest.mark.parametrize("memory_mb", [1, 1024], ids=["in blocks", "at once"])
def test_draws_are_the_tables_number_for_number(constraints, memory_mb: int) -> None:
    kept, searched = (pairs_of(constraints, table, top_k=9, memory_mb=memory_mb) for table in ("on", "off"))
    assert isinstance(kept, TablePairs) and isinstance(searched, SearchedPairs)
    np.testing.assert_array_equal(kept.sources, searched.sources)
    assert (kept.n_relaxed, kept.n_unmatched) == (searched.n_relaxed, searched.n_unmatched)
    rows = torch.randint(0, len(kept), (5000,), generator=torch.Generator().manual_seed(0))
    drawn = [pairs.draw(rows, torch.Generator().manual_seed(5)) for pairs in (kept, searched)]
    assert torch.equal(*drawn)
    for one, other in zip(kept.near(rows), searched.near(rows), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("constraints", RULES.values(), ids=RULES)
@pytest.mark.parametrize("top_k", [9, 1000], ids=["truncated", "equation 6"])
def test_draws_follow_q(constraints, top_k: int) -> None:
    searched = pairs_of(constraints, "off", top_k=top_k)
    for source in (0, 25, len(searched) - 1):
        expected = torch.zeros(len(searched.targets)).double()
        places, weights = pairs_of(constraints, "on", top_k=top_k).near(torch.tensor([source]))
        expected.index_add_(0, places[0], weights[0].double())
        drawn = searched.draw(torch.full((DRAWS,), source), torch.Generator().manual_seed(source))
        observed = drawn.bincount(minlength=len(expected))
        assert observed[expected == 0].sum() == 0
        likely = expected * DRAWS >= 5
        counts = torch.cat([observed[likely], observed[~likely].sum()[None]]).numpy()
        share = torch.cat([expected[likely], expected[~likely].sum()[None]]).numpy()
        counts, share = counts[share > 0], share[share > 0]
        assert stats.chisquare(counts, DRAWS * share / share.sum()).pvalue > 1e-4


def test_the_same_seed_draws_the_same_and_memory_changes_nothing() -> None:
    rows = torch.arange(60).repeat(30)
    for top_k in (9, 1000):
        pairs = pairs_of(RULES["free"], "off", top_k=top_k)
        first, again, other = (pairs.draw(rows, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert torch.equal(first, again) and not torch.equal(first, other)
        in_blocks = pairs_of(RULES["free"], "off", top_k=top_k, memory_mb=1)
        assert torch.equal(in_blocks.draw(rows, torch.Generator().manual_seed(1)), first)


@pytest.mark.parametrize("constraints", RULES.values(), ids=RULES)
def test_memory_changes_no_table(constraints) -> None:
    denied, accepted = make_rows(3000, 2), make_rows(200, 3)  # of 1 MB, a block has at most 327 rows
    little, much = (
        find_pairs(denied, accepted, constraints, PairConfig(top_k=9, table="on", memory_mb=memory_mb))
        for memory_mb in (1, 1024)
    )
    rows = torch.arange(len(much))
    np.testing.assert_array_equal(little.sources, much.sources)
    for one, other in zip(little.near(rows), much.near(rows), strict=True):
        assert torch.equal(one, other)


def test_memory_decides_whether_there_is_a_table() -> None:
    denied, accepted = make_rows(3000, 0), make_rows(200, 1)
    config = PairConfig(top_k=50)  # 1.2 MB of table
    assert isinstance(
        find_pairs(denied, accepted, make_constraints(), replace(config, memory_mb=2)), TablePairs
    )
    assert isinstance(
        find_pairs(denied, accepted, make_constraints(), replace(config, memory_mb=1)), SearchedPairs
    )


def test_blocks_follow_memory() -> None:
    rows, targets = make_rows(4000, 0), make_rows(300, 1)
    longest = []
    for memory_mb in (1, 4):
        search = Search(rows, targets, make_constraints(), k=5, memory_mb=memory_mb)
        blocks = list(search.blocks(torch.arange(4000)))
        assert sum(len(block.rows) for block in blocks) == 4000
        longest.append(max(len(block.rows) for block in blocks))
        assert longest[-1] * 300 * 4 * neighbours.HELD <= memory_mb << 20
    assert longest[1] >= 3.9 * longest[0]


def test_a_block_has_a_row_at_least() -> None:
    search = Search(make_rows(5, 0), make_rows(70_000, 1), make_constraints(), k=5, memory_mb=1)
    rows = torch.arange(5)
    assert [block.rows.tolist() for block in search.blocks(rows)] == [[row] for row in range(5)]
    assert [block.cost.shape for block in search.every_target(rows)] == [(1, 70_000)] * 5


# In a process of its own: the most that it held, read by the kernel, is not its parent's.
PEAK = """
import numpy as np, torch
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.pairs import find_pairs
from carla_genre.generator.constraints import FeatureConstraints
torch.set_num_threads(1)
no, random = np.zeros(4, bool), np.random.default_rng(0)
constraints = FeatureConstraints(no, no, np.zeros(4, int), np.full(4, -np.inf), np.full(4, np.inf))
denied, accepted = random.random((20_000, 4)), random.random((1_000, 4))
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
def work(n, memory_mb):
    pairs = find_pairs(denied[:n], accepted, constraints, PairConfig(top_k=500, memory_mb=memory_mb))
    pairs.draw(torch.arange(500), torch.Generator().manual_seed(0))
work(2_000, 8)
for memory_mb in (20, 200):
    before = peak()
    work(20_000, memory_mb)
    print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
def test_the_peak_follows_the_option(repository) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PEAK], cwd=repository, capture_output=True, text=True, check=True
    )
    searched, kept = map(float, done.stdout.split())
    assert searched < 20
    assert 76 < kept < 200  # 20,000 x 500 x 8 bytes


def test_pairs_can_be_sent_to_another_process() -> None:
    pairs = pairs_of(RULES["relaxed"], "off", top_k=9)
    sent = pickle.loads(pickle.dumps(pairs))
    rows = torch.arange(len(pairs))
    assert torch.equal(
        *(one.draw(rows, torch.Generator().manual_seed(3)) for one in (pairs, sent)),
    )


@pytest.mark.gpu
def test_a_gpu_finds_the_same() -> None:
    denied, accepted = make_rows(60, 2), make_rows(80, 3)
    constraints, config = RULES["direction"], PairConfig(top_k=9)
    for table in ("on", "off"):
        here, there = (
            find_pairs(denied, accepted, constraints, replace(config, table=table), device)
            for device in ("cpu", "cuda")
        )
        rows = torch.arange(len(here))
        torch.testing.assert_close(here.near(rows)[1], there.near(rows.cuda())[1].cpu())
        assert there.draw(rows.cuda(), torch.Generator("cuda").manual_seed(0)).max() < 80
