"""Where a training step's time goes."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from carla_genre.generator.generator import Generator

# Part of an operation's name -> what it is for; the first that fits counts.
PARTS = {
    "attention": "attention",
    "adamw": "optimiser",
    "bmm": "output layer",
    "mm": "linear layers",
    "embedding": "tables",
    "log_softmax": "loss",
    "nll_loss": "loss",
}
OTHER = "other"


def measured_steps(generator: Generator, batch_size: int, steps: int) -> dict[str, Any]:
    """Seconds of a training step, and the shares of its parts.

    Parameters
    ----------
    generator : Generator
        Its weights are changed.
    batch_size : int
        Rows of a step; random ones, since the time does not depend on them.
    steps : int
        Measured, after one to warm up; the shares are those of as many more.

    Returns
    -------
    dict
        ``step_cpu_s``; ``share_...`` for each of ``PARTS``, of the processor's time.
    """
    bins = generator.answer_bins
    random = torch.Generator().manual_seed(0)
    chosen = torch.randint(0, 2, (2, batch_size, bins.n_features), generator=random)
    factual, answer = (bins.value(index.to(generator.device)) for index in chosen)
    optimizer = torch.optim.AdamW(generator.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        generator.loss(factual, answer).mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    generator.train()
    step()
    start = time.process_time()
    for _ in range(steps):
        step()
    seconds = (time.process_time() - start) / steps
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(steps):
            step()
    generator.eval()
    spent: defaultdict[str, float] = defaultdict(float)
    for event in profiler.key_averages():
        part = next((part for name, part in PARTS.items() if name in event.key.lower()), OTHER)
        spent[part] += event.self_cpu_time_total
    total = sum(spent.values())
    shares = {f"share_{part}": spent[part] / total for part in dict.fromkeys([*PARTS.values(), OTHER])}
    return {"step_cpu_s": seconds, **shares}
