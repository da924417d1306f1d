"""The global random states that older code draws from, lent out seeded and given back as they were."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator

import numpy as np
import torch

# A global state is of all threads: only one of them may have it.
_ALONE = threading.RLock()


@contextlib.contextmanager
def torch_random_state_kept(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Torch's random state, of a GPU too if that is the device, seeded inside and given back as it was."""
    devices = [device] if device is not None and device.type == "cuda" else []
    with _ALONE, torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed formats a stack where no GPU is in use
        if devices:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


@contextlib.contextmanager
def global_random_state_kept() -> Iterator[None]:
    """Give numpy's, Python's and torch's (all devices') global random states back as they were."""
    with _ALONE, torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        numpys, pythons = np.random.get_state(), random.getstate()
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
