"""Time two ways of doing the same in turn, so that a machine's drift meets both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch


def alternate(ours: Callable[[], Any], reference: Callable[[], Any], runs: int) -> dict[str, float]:
    """Median seconds of each and the median of the ratios reference / ours, after one run of each to warm up."""
    ours()
    reference()
    return in_turn(ours, reference, runs)


def in_turn(ours: Callable[[], Any], reference: Callable[[], Any], runs: int) -> dict[str, float]:
    """The same without the first run of each: for work that is long, or warm already."""
    took = [(seconds(ours), seconds(reference)) for _ in range(runs)]
    return compared(*zip(*took, strict=True))


def compared(ours: Sequence[float], reference: Sequence[float]) -> dict[str, float]:
    """A row of figures from the seconds of runs in turn: medians, and the ratios reference / ours, pair by pair."""
    ratios = [theirs / own for own, theirs in zip(ours, reference, strict=True)]
    return {
        "ours_s": statistics.median(ours),
        "reference_s": statistics.median(reference),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "runs": len(ratios),
    }


def repeated(ours: Callable[[], Any], runs: int) -> dict[str, float]:
    """A row of figures without a reference: median, least and most seconds, after one run to warm up."""
    ours()
    return alone([seconds(ours) for _ in range(runs)])


def alone(ours: Sequence[float]) -> dict[str, float]:
    """A row of figures without a reference, from the seconds of its runs."""
    return {
        "ours_s": statistics.median(ours),
        "ours_s_min": min(ours),
        "ours_s_max": max(ours),
        "runs": len(ours),
    }


def seconds(work: Callable[[], Any]) -> float:
    """Wall seconds of one call; a GPU is waited for."""
    _wait_for_gpu()
    start = time.perf_counter()
    work()
    _wait_for_gpu()
    return time.perf_counter() - start


def _wait_for_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
