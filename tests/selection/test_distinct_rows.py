"""Each distinct row is asked about once, and only when its answer is wanted."""

from __future__ import annotations

import numpy as np
import pytest

from carla_genre.selection.distinct_rows import DistinctRows


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (40, 2), (200, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_answers_are_those_of_every_row_alone(shape: tuple[int, int], dtype: type) -> None:
    random = np.random.default_rng(0)
    rows = random.integers(0, 3, shape).astype(dtype)
    rows[random.random(shape) < 0.1] = np.nan
    asked = list[np.ndarray]()

    def weighted(some: np.ndarray) -> np.ndarray:
        asked.append(some)
        return np.asarray((some * np.arange(1, shape[1] + 1)).sum(axis=1), float)

    expected, told = weighted(rows), DistinctRows(rows).asked(weighted)
    asked.clear()
    for _ in range(5):
        indices = random.integers(0, max(1, len(rows)), min(15, len(rows)))
        np.testing.assert_array_equal(told(indices), expected[indices])
    np.testing.assert_array_equal(told(np.arange(len(rows))), expected)
    everything = np.concatenate([*asked, rows[:0]])
    texts = [row.tobytes() for row in everything]
    assert len(texts) == len(set(texts)) == len({row.tobytes() for row in rows})
