from functools import partial
from pathlib import Path

import pytest

from benchmarks.speed import pairs
from benchmarks.speed.pair_cases import adult_like, blocks, peaks_mb
from benchmarks.speed.table import read_timing
from carla_genre.generator.config import DEFAULT, PairConfig

BATCH = DEFAULT.training.batch_size


@pytest.mark.slow
def test_pairs_are_held_against_the_full_matrix_and_an_index_against_the_exact_search(tmp_path: Path) -> None:
    path = tmp_path / "pairs_cpu.json"
    pairs.main(["--quick", "--json", str(path)])
    rows = read_timing(path).figures
    assert list(rows) == [
        "adult, full matrix",
        "300 x 200 rows like Adult's, full matrix",
        f"3000 x 3000, a batch of {BATCH} without a table",
        "3000 x 3000, such a batch from an index, exact search",
    ]
    assert all(row["ours_s"] > 0 for row in rows.values())
    *matrices, batch, index = rows.values()
    assert all(row["reference_peak_mb"] >= 0 and row["ratio"] > 0 for row in matrices)
    assert batch["all_denied_s"] == pytest.approx(batch["ours_s"] * 3000 / BATCH)
    assert index["recall"] > 0.98 and index["index_s"] > 0


@pytest.mark.slow
def test_adults_pairs_take_less_than_half_a_gigabyte() -> None:
    adult = partial(adult_like, 20_000, 9_000)
    before, after = peaks_mb([blocks], adult, PairConfig(top_k=1_000), threads=1)
    assert 140 < after - before < 500  # a table of 20,000 x 1,000 x 8 bytes
