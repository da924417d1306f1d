"""One GenRe is asked by many, often, and about very many people: the same answers, and flat memory.

python -m benchmarks.reliability.stress

- ``threads``, ``processes``: 16 threads of this process, and 4 processes that are sent it, ask at the same time.
- ``calls``: one row, 10,000 times, by the paper's rule; ``default``: a tenth of them by the default rule.
- ``rows``: 10^6 rows in one call by the default rule, held against pieces of them, and some rows alone.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.command import command_parser, exit_status
from benchmarks.reliability.promises import check_answers, same
from benchmarks.reliability.world import applicants, classifier, trained
from carla_genre import GenRe
from carla_genre.evaluation.environment import memory_since_mb, peak_memory_mb
from carla_genre.harness.record import write

_STATUS = Path("/proc/self/status")


def memory_mb() -> float:
    """What this process holds now, in MB (10^6 bytes); the most it has held where that is not told."""
    gc.collect()
    if not _STATUS.exists():
        return peak_memory_mb()
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6


def people(mlmodel: Any, n: int) -> pd.DataFrame:
    """Encoded rows that h denies, all of them different as far as chance has it."""
    kept: list[pd.DataFrame] = []
    found, seed = 0, 1
    while found < n:
        rows = mlmodel.data.transform(applicants(max(2 * n, 100), seed)).drop(columns="approved")
        rows["income"] = rows["income"].clip(0, 1)
        kept.append(rows[mlmodel.predict_proba(rows)[:, 1] <= 0.5])
        found, seed = found + len(kept[-1]), seed + 1
    return pd.concat(kept, ignore_index=True).head(n)


def by_threads(method: GenRe, asked: pd.DataFrame, n: int) -> dict[str, Any]:
    """So many threads ask at once, each about people of its own."""
    parts = np.array_split(np.arange(len(asked)), n)
    alone = [method.get_counterfactuals(asked.iloc[part]) for part in parts]
    gate = threading.Barrier(n)

    def ask(part: np.ndarray) -> pd.DataFrame:
        gate.wait()
        return method.get_counterfactuals(asked.iloc[part])

    start = time.perf_counter()
    with ThreadPoolExecutor(n) as pool:
        answers = list(pool.map(ask, parts))
    return _compared(alone, answers, start)


def by_processes(method: GenRe, asked: pd.DataFrame, n: int) -> dict[str, Any]:
    """So many new processes are sent the method, and ask at once."""
    parts = [asked.iloc[part] for part in np.array_split(np.arange(len(asked)), n)]
    alone = [method.get_counterfactuals(part) for part in parts]
    start = time.perf_counter()
    with ProcessPoolExecutor(n, multiprocessing.get_context("spawn")) as pool:
        answers = list(pool.map(_ask, [method] * n, parts))
    return _compared(alone, answers, start)


def _ask(method: GenRe, asked: pd.DataFrame) -> pd.DataFrame:
    return method.get_counterfactuals(asked)


def _compared(alone: Sequence[pd.DataFrame], answers: Sequence[pd.DataFrame], start: float) -> dict[str, Any]:
    equal = sum(same(one, other) for one, other in zip(alone, answers, strict=True))
    return {"callers": len(alone), "equal": equal, "seconds": round(time.perf_counter() - start, 2)}


def by_calls(method: GenRe, asked: pd.DataFrame, n: int) -> dict[str, Any]:
    """One row n times: memory after a tenth of the calls and after all of them."""
    one, equal = asked.head(1), 0
    first, early, start = method.get_counterfactuals(one), float("nan"), time.perf_counter()
    for call in range(n):
        equal += same(first, method.get_counterfactuals(one))
        if call + 1 == n // 10:
            early = memory_mb()
    took, late = time.perf_counter() - start, memory_mb()
    return {
        "calls": n,
        "equal": equal,
        "seconds": round(took, 1),
        "mb_after_a_tenth": round(early, 1),
        "mb_after_all": round(late, 1),
    }


def by_rows(method: GenRe, mlmodel: Any, n: int, sample: int = 2000) -> dict[str, Any]:
    """So many rows in one call; a sample of them in pieces, in other company, and some alone."""
    asked = people(mlmodel, n)
    method.get_counterfactuals(asked.head(1000))  # what the libraries take once
    before, start = peak_memory_mb(), time.perf_counter()
    answers = method.get_counterfactuals(asked)
    took, peak = time.perf_counter() - start, memory_since_mb(before)
    chosen = np.random.default_rng(0).permutation(n)[:sample]
    pieces = [
        method.get_counterfactuals(asked.iloc[part])
        for part in np.array_split(chosen, max(1, len(chosen) // 300))
    ]
    alone = [method.get_counterfactuals(asked.iloc[[row]]) for row in chosen[:20]]
    check_answers(mlmodel, asked, answers)
    return {
        "rows": n,
        "answered": int((~answers.isna().any(axis=1)).sum()),
        "equal_in_pieces": int(_equal_rows(answers.iloc[chosen], pd.concat(pieces)).sum()),
        "pieces": len(chosen),
        "equal_alone": int(_equal_rows(answers.iloc[chosen[:20]], pd.concat(alone)).sum()),
        "alone": len(alone),
        "seconds": round(took, 1),
        "added_mb": round(peak, 1),
        "frames_mb": round(float(asked.memory_usage().sum() + answers.memory_usage().sum()) / 1e6, 1),
    }


def _equal_rows(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Which rows are the same, bit for bit, (B,)."""
    a, b = (frame.to_numpy(dtype=float) for frame in (one, other))
    equal: np.ndarray = ((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=1) & (one.index == other.index)
    return equal


def _run(options: argparse.Namespace) -> int:
    mlmodel = classifier()
    method = trained(mlmodel, selection="expected", n_samples=options.samples)
    asked = people(mlmodel, 320)
    parts: Mapping[str, Callable[[], dict[str, Any]]] = {
        "threads": lambda: by_threads(method, asked, options.threads),
        "processes": lambda: by_processes(method, asked, options.processes),
        "calls": lambda: by_calls(method.with_sampling(selection="validity"), asked, options.calls),
        "default": lambda: by_calls(method, asked, options.calls // 10),
        "rows": lambda: by_rows(method, mlmodel, options.rows),
    }
    broken = False
    for name in options.only or parts:
        row = parts[name]()
        broken |= is_broken(row)
        print(name, row, flush=True)
        if options.json:
            write(options.json / f"stress_{name}.json", {"samples": options.samples}, row)
    return int(broken)


def is_broken(row: Mapping[str, Any]) -> bool:
    """Whether a row of figures shows another answer, or memory that grows."""
    wanted = {
        "equal": "callers" if "callers" in row else "calls",
        "equal_in_pieces": "pieces",
        "equal_alone": "alone",
    }
    differs = any(row[name] != row[of] for name, of in wanted.items() if name in row)
    return differs or row.get("mb_after_all", 0.0) > 1.05 * row.get("mb_after_a_tenth", 0.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask in all ways; the exit status is 1 where an answer differs or memory grows."""
    parser = command_parser("reliability.stress", __doc__)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--calls", type=int, default=10_000, help="of one row (10000)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="in one call (1000000)")
    parser.add_argument(
        "--samples", type=int, default=100, help="candidates of a row (100, the default rule's)"
    )
    ways = ("threads", "processes", "calls", "default", "rows")
    parser.add_argument("--only", nargs="+", choices=ways, default=[], help="these ways alone")
    parser.add_argument("--json", type=Path, metavar="DIR", help="write a record of each way")
    options = parser.parse_args(arguments)
    return exit_status("reliability.stress", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
