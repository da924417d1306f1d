"""Torch's settings, lent out and given back: its threads, and what a caller may have set for own code."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch
from threadpoolctl import threadpool_limits

_start = os.getpid()


@contextlib.contextmanager
def processor_threads(n: int) -> Iterator[None]:
    """Let torch use n threads inside, as many as before afterwards; 0 changes nothing.

    A forked process lacks the threads that the pools of torch and scikit-learn still count on, and would wait for them
    for ever: it works on one.

    Small networks gain a third from a second thread on an idle machine and lose tenfold on a busy one,
    where each of a step's hundreds of small products waits for a thread that has no core.
    """
    forked, before = os.getpid() != _start, torch.get_num_threads()
    torch.set_num_threads(1 if forked else n or before)
    try:
        with threadpool_limits(1) if forked else contextlib.nullcontext():
            yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def plain_torch() -> Iterator[None]:
    """Inside, torch works as it does before anything is set; afterwards what the caller has set holds again.

    That is: single precision by default, on the CPU; gradients, and neither inference mode nor autocast.
    """
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    with contextlib.ExitStack() as settings:
        if dtype != torch.float32:  # it is every thread's: left alone where it is right
            torch.set_default_dtype(torch.float32)
            settings.callback(torch.set_default_dtype, dtype)
        if device.type != "cpu":
            settings.enter_context(torch.device("cpu"))
        settings.enter_context(torch.inference_mode(False))
        settings.enter_context(torch.enable_grad())
        for kind in ("cpu", "cuda"):
            settings.enter_context(torch.autocast(kind, enabled=False))
        yield
