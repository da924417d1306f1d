"""The global random states that older code draws from, lent out seeded and given back as they were."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def global_random_state_kept() -> Iterator[None]:
    """Give numpy's, Python's and torch's (all devices') global random states back as they were."""
    numpys, pythons = np.random.get_state(), random.getstate()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        try:
            yield
        finally:
            np.random.set_state(numpys)
            random.setstate(pythons)


def seed_global_random_state(seed: int) -> None:
    """Seed all three; numpy's takes the lower 32 bits."""
    np.random.seed(seed % 2**32)
    random.seed(seed)
    torch.manual_seed(seed)
