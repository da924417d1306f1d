import math
import subprocess
import sys

import numpy as np
import pytest

from carla_genre.evaluation.environment import memory_since_mb, peak_memory_mb

# The file by itself: with the room, torch would be imported.
OWN = "import runpy; print(runpy.run_path('carla_genre/evaluation/environment.py')['peak_memory_mb']())"


@pytest.mark.slow
def test_the_peak_stays_and_is_not_that_of_a_process_started_later(repository) -> None:
    before = peak_memory_mb()
    size = int(before) + 200
    held = np.ones(size * 1_000_000, dtype=np.uint8)
    del held
    assert size <= peak_memory_mb() <= before + size + 100
    if not sys.platform.startswith("linux"):
        return  # getrusage tells the parent's peak
    told = subprocess.run(
        [sys.executable, "-c", OWN], cwd=repository, capture_output=True, text=True, check=True
    )
    assert 0 < float(told.stdout) < peak_memory_mb() / 2


def test_memory_since_is_never_less_than_nothing() -> None:
    assert memory_since_mb(peak_memory_mb() + 0.2) == 0.0
    assert memory_since_mb(peak_memory_mb() - 50) >= 49
    assert math.isnan(memory_since_mb(math.nan))
