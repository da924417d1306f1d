"""Time two ways of doing the same in turn, so that a machine's drift meets both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def alternate(ours: Callable[[], Any], reference: Callable[[], Any], runs: int) -> dict[str, float]:
    """Median seconds of each and the median of the ratios reference / ours, after one run of each to warm up."""
    ours()
    reference()
    seconds: dict[str, list[float]] = {"ours": [], "reference": []}
    for _ in range(runs):
        for name, work in (("ours", ours), ("reference", reference)):
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    ratios = [b / a for a, b in zip(seconds["ours"], seconds["reference"], strict=True)]
    return {
        "ours_s": statistics.median(seconds["ours"]),
        "reference_s": statistics.median(seconds["reference"]),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "runs": runs,
    }


def show(title: str, figures: dict[str, float]) -> None:
    """One line of figures."""
    print(f"{title}: " + ", ".join(f"{name} {value:.4g}" for name, value in figures.items()), flush=True)
