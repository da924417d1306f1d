"""Q in blocks of equal immutables, against the full distance matrix: time and peak memory.

python -m benchmarks.speed.pairs --denied 20000 --accepted 9000
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.speed.alternate import alternate
from benchmarks.speed.command import finish, parse, timing_parser
from carla_genre.evaluation.environment import peak_memory_mb
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairs import find_pairs
from carla_genre.generator.rules import Rules

N_CONTINUOUS, N_CATEGORICAL = 6, 7  # as Adult has them; the last two are immutable


def people(n: int, seed: int) -> np.ndarray:
    """Rows of Adult's shape: six numbers on a grid of a hundredth, seven binary categories."""
    random = np.random.default_rng(seed)
    numbers = random.integers(0, 101, (n, N_CONTINUOUS)) / 100
    return np.concatenate([numbers, random.integers(0, 2, (n, N_CATEGORICAL))], axis=1).astype(float)


def adult_like_rules() -> Rules:
    """Two immutable categories, no other constraint."""
    d = N_CONTINUOUS + N_CATEGORICAL
    return Rules(
        categorical=np.arange(d) >= N_CONTINUOUS,
        immutable=np.arange(d) >= d - 2,
        direction=np.zeros(d, int),
        lower=np.full(d, -np.inf),
        upper=np.full(d, np.inf),
    )


def full_matrix(denied: np.ndarray, accepted: np.ndarray, rules: Rules, config: PairConfig) -> torch.Tensor:
    """Q of the nearest, from all distances at once: (n, K)."""
    left, right = torch.from_numpy(denied).float(), torch.from_numpy(accepted).float()
    cost = torch.cdist(left, right, p=1.0)
    immutable = torch.from_numpy(rules.immutable)
    differs = torch.cdist(left[:, immutable], right[:, immutable], p=1.0) > 0
    near = cost.masked_fill(differs, torch.inf).topk(config.top_k, largest=False).values
    return torch.softmax(-config.lambda_ * near, dim=1)


def _peak(which: str, n_denied: int, n_accepted: int, top_k: int) -> float:
    """Megabytes that one way adds to what its process had before."""
    denied, accepted, rules = people(n_denied, 0), people(n_accepted, 1), adult_like_rules()
    find_pairs(denied[:50], accepted[:50], rules, PairConfig(top_k=5))  # what the libraries take once
    before = peak_memory_mb()
    work = find_pairs if which == "ours" else full_matrix
    work(denied, accepted, rules, PairConfig(top_k=top_k))
    return peak_memory_mb() - before


def measure(n_denied: int, n_accepted: int, top_k: int, runs: int) -> dict[str, float]:
    """Both ways on the same rows, after a check that they agree."""
    peaks = {}
    for which in ("ours", "reference"):  # first: a new process counts what its parent held as its own
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peaks[f"{which}_peak_mb"] = pool.apply(_peak, (which, n_denied, n_accepted, top_k))
    denied, accepted, rules = people(n_denied, 0), people(n_accepted, 1), adult_like_rules()
    config = PairConfig(top_k=top_k)
    ours = find_pairs(denied, accepted, rules, config).near(torch.arange(n_denied))[1]
    torch.testing.assert_close(ours, full_matrix(denied, accepted, rules, config), rtol=1e-3, atol=1e-5)
    figures = alternate(
        lambda: find_pairs(denied, accepted, rules, config),
        lambda: full_matrix(denied, accepted, rules, config),
        runs,
    )
    return {**figures, **peaks}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("pairs", __doc__, runs=3)
    parser.add_argument("--denied", type=int, default=20_000)
    parser.add_argument("--accepted", type=int, default=9_000)
    parser.add_argument("--top-k", type=int, default=200)
    options = parse(parser, arguments, quick={"denied": 300, "accepted": 200, "top_k": 20, "runs": 1})
    finish(options, {"full matrix": measure(options.denied, options.accepted, options.top_k, options.runs)})


if __name__ == "__main__":
    main()
