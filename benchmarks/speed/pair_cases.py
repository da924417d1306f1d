"""Denied and accepted rows that pairs are timed on, ways of pairing them, and the memory that these take.

Apart from the timings, so that a process that measures memory starts without the paper's protocol.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from carla_genre.evaluation.environment import memory_since_mb, peak_memory_mb
from carla_genre.generator.config import DEFAULT, PairConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.pairing.pairs import find_pairs
from carla_genre.threads import processor_threads

FEATURES, NUMBERS = 20, 14  # of the rows of many features; the others are categories of two levels
CHUNK = 100_000  # rows that are made at a time

Work = Callable[["Case", PairConfig], Tensor]


@dataclass(frozen=True)
class Case:
    """Denied and accepted rows, and the constraints between them."""

    denied: np.ndarray
    accepted: np.ndarray
    constraints: FeatureConstraints


def adult_like(n_denied: int, n_accepted: int) -> Case:
    """Six numbers on a grid of a hundredth and seven binary categories, of which two are immutable."""

    def people(n: int, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        return np.concatenate([random.integers(0, 101, (n, 6)) / 100, random.integers(0, 2, (n, 7))], axis=1)

    return Case(
        people(n_denied, 0), people(n_accepted, 1), _constraints(np.arange(13) >= 6, np.arange(13) >= 11)
    )


def of_twenty_features(n: int) -> Case:
    """As many denied as accepted rows, whose features go together: six causes and noise."""
    mix = np.random.default_rng(0).normal(size=(6, FEATURES)) / 2

    def people(seed: int) -> np.ndarray:
        random, rows = np.random.default_rng(seed), np.empty((n, FEATURES))
        for start in range(0, n, CHUNK):
            part = rows[start : start + CHUNK]
            causes = random.normal(size=(len(part), 6)) @ mix + 0.3 * random.normal(size=part.shape)
            part[:, :NUMBERS] = 1 / (1 + np.exp(-causes[:, :NUMBERS]))
            part[:, NUMBERS:] = causes[:, NUMBERS:] > 0
        return rows

    return Case(people(1), people(2), _constraints(np.arange(FEATURES) >= NUMBERS, np.zeros(FEATURES, bool)))


def _constraints(categorical: np.ndarray, immutable: np.ndarray) -> FeatureConstraints:
    d = len(categorical)
    return FeatureConstraints(
        categorical, immutable, np.zeros(d, int), np.full(d, -np.inf), np.full(d, np.inf)
    )


def full_matrix(case: Case, config: PairConfig) -> Tensor:
    """Q of the nearest, from all costs at once: (n, K). Categories are binary, so that the cost is L1."""
    left, right = torch.from_numpy(case.denied).float(), torch.from_numpy(case.accepted).float()
    cost = torch.cdist(left, right, p=1.0)
    immutable = torch.from_numpy(case.constraints.immutable)
    differs = torch.cdist(left[:, immutable], right[:, immutable], p=1.0) > 0
    near = cost.masked_fill(differs, torch.inf).topk(min(config.top_k, len(right)), largest=False).values
    return torch.softmax(-config.lambda_ * near, dim=1)


def blocks(case: Case, config: PairConfig) -> Tensor:
    """The same from ours."""
    pairs = find_pairs(case.denied, case.accepted, case.constraints, config)
    return pairs.near(torch.arange(min(len(pairs), 1000)))[1]


def one_batch(case: Case, config: PairConfig) -> Tensor:
    """Targets of a batch of the first sources, without a table."""
    pairs = find_pairs(case.denied, case.accepted, case.constraints, replace(config, table="off"))
    return pairs.draw(
        torch.arange(DEFAULT.training.batch_size) % len(pairs), torch.Generator().manual_seed(0)
    )


def peaks_mb(
    works: Sequence[Work], make: Callable[[], Case], config: PairConfig, threads: int
) -> list[float]:
    """Megabytes that a new process held at most: before any work, and after each of them, the smallest first."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peaks_mb, (works, make, config, threads))


def _peaks_mb(
    works: Sequence[Work], make: Callable[[], Case], config: PairConfig, threads: int
) -> list[float]:
    with processor_threads(threads):
        small = adult_like(600, 300)
        for work in works:  # what the libraries take once
            work(small, config)
        case, peaks = make(), [peak_memory_mb()]
        for work in works:
            work(case, config)
            peaks.append(peaks[0] + memory_since_mb(peaks[0]))
    return peaks
