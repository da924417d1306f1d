import subprocess
import sys

import numpy as np
import pytest

from carla_genre.evaluation.environment import peak_memory_mb

OWN = "from carla_genre.evaluation.environment import peak_memory_mb; print(peak_memory_mb())"


def test_the_peak_stays_after_the_memory_is_given_back() -> None:
    before = peak_memory_mb()
    size = int(before) + 200
    held = np.ones(size * 1_000_000, dtype=np.uint8)
    del held
    assert size <= peak_memory_mb() <= before + size + 100


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="getrusage tells the parent's peak")
def test_the_peak_is_not_that_of_the_process_that_started_it(repository) -> None:
    test_the_peak_stays_after_the_memory_is_given_back()
    told = subprocess.run(
        [sys.executable, "-c", OWN], cwd=repository, capture_output=True, text=True, check=True
    )
    assert 0 < float(told.stdout) < peak_memory_mb() / 2
