"""How many processor threads torch's products are shared over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def processor_threads(n: int) -> Iterator[None]:
    """Let torch use n threads inside, as many as before afterwards; 0 changes nothing.

    Small networks gain a third from a second thread on an idle machine and lose tenfold on a busy one,
    where each of a step's hundreds of small products waits for a thread that has no core.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(n or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
