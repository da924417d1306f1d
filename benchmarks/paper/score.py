"""Score of GenRe by both selection rules, beside NNR(D_h+) on the same rows and the paper's figures.

python -m benchmarks.paper.score --data adult compas heloc --seed 42 --json score.json
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.paper import published as paper
from carla_genre.evaluation.environment import peak_memory_mb
from carla_genre.harness.record import environment
from carla_genre.methods.nearest import NearestNeighbor
from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.data import REAL_DATA

NEAREST = "NNR(D_h+)"
RULES = ("validity", "cheapest")


def measure(
    name: str,
    seed: int,
    hyperparams: dict[str, Any],
    root: str | None,
    verbose: bool,
    with_genre: bool = True,
) -> dict[str, Any]:
    """One data set, one seed: every method on the same rows.

    Returns
    -------
    dict
        ``checks`` and ``seconds`` of the protocol, ``peak_mb`` after each part, and ``methods``.
    """
    setting = prepare(name, seed, root=root, verbose=verbose)
    peak = {"protocol": peak_memory_mb()}
    methods = {NEAREST: _timed(setting, lambda: NearestNeighbor(setting.mlmodel, {"unmatched": "drop"}))[0]}
    configuration: dict[str, Any] = {}
    if with_genre:
        from carla_genre.methods.genre import GenRe

        first, genre = _timed(
            setting, lambda: GenRe(setting.mlmodel, {**hyperparams, "seed": seed, "selection": RULES[0]})
        )
        methods[f"GenRe, {RULES[0]}"] = first
        methods[f"GenRe, {RULES[1]}"] = {
            **_timed(setting, lambda: genre.with_sampling(selection=RULES[1]))[0],
            **{part: first[part] for part in ("prepare_s", "prepare_cpu_s")},
        }
        configuration = genre.hyperparams
        peak["GenRe"] = peak_memory_mb()
    return {
        "data": name,
        "seed": seed,
        "factuals": len(setting.factuals),
        "hyperparams": configuration,
        "checks": setting.checks,
        "seconds": setting.seconds,
        "peak_mb": {part: round(value) for part, value in peak.items()},
        "methods": methods,
    }


def _timed(setting: Setting, build: Any) -> tuple[dict[str, Any], Any]:
    start, cpu = time.perf_counter(), time.process_time()
    method = build()
    built, cpu = time.perf_counter(), time.process_time() - cpu
    # The methods are handed the classifier's columns only: not the drawn label of the person.
    answers = method.get_counterfactuals(setting.factuals[list(setting.mlmodel.feature_input_order)])
    done = time.perf_counter()
    row = {
        **setting.score(answers).to_dict(),
        "prepare_s": built - start,
        "prepare_cpu_s": cpu,
        "answer_s": done - built,
    }
    return row, method


def published() -> dict[str, Any]:
    """The paper's figures that stand beside ours."""
    methods, data = paper.published()["methods"], paper.published()["data"]
    accuracy = {name: row["accuracy of h"] for name, row in data.items()}
    return {"accuracy of h": accuracy, "GenRe": methods["GenRe, validity"], NEAREST: methods["NNR-D_h+"]}


def table(results: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """All methods of all data sets, with the paper's Score."""
    beside = published()
    rows = []
    for result in results:
        for method, row in result["methods"].items():
            theirs = beside[method.split(",")[0]].get(result["data"], {})
            rows.append(
                {
                    "data": result["data"],
                    "method": method,
                    "Cost": row["cost"],
                    "Val": row["val"],
                    "p gold": row["soft_val"],
                    "LOF": row["lof"],
                    "Score": row["score"],
                    "paper": theirs.get("score"),
                    "answered": row["answered"],
                    "violations": row["violations"]["rows"],
                    "prepare s": row["prepare_s"],
                    "CPU s": row["prepare_cpu_s"],
                    "answer s": row["answer_s"],
                }
            )
    return pd.DataFrame(rows)


def report(results: Sequence[dict[str, Any]]) -> str:
    """The table and, below it, how each setting came out beside the paper's."""
    accuracy = published()["accuracy of h"]
    shown = table(results).to_string(index=False, float_format=lambda value: f"{value:.2f}")
    lines = [shown, ""]
    for result in results:
        checks, seconds, peak = result["checks"], result["seconds"], result["peak_mb"]
        lines.append(
            f"{result['data']}: positive rate {checks['positive rate before']:.3f} -> "
            f"{checks['positive rate after']:.3f}, h {checks['test accuracy of h']:.2%} "
            f"(paper {accuracy[result['data']]:.2%}), denied {checks['denied test rows']}, "
            f"gold {seconds['gold']:.0f} s, h {seconds['h']:.0f} s, peak memory "
            + ", ".join(f"{value} MB after {part}" for part, value in peak.items())
        )
        if result["data"] == "heloc":
            lines.append(paper.LEAK)
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper.score", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=REAL_DATA, default=REAL_DATA)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--preset", default="default", help="GenRe's preset")
    parser.add_argument("--hyperparams", type=json.loads, default={}, help="further ones of GenRe, as JSON")
    parser.add_argument("--root", help="folder of CARLA's CSVs (else CF_DATA, else ~/cf-data)")
    parser.add_argument("--json", type=Path, help="file to write")
    parser.add_argument("--nearest-only", action="store_true", help="leave GenRe out")
    options = parser.parse_args(arguments)
    hyperparams = {"preset": options.preset, **options.hyperparams}
    # A process a data set, so that the peak memory is its own.
    results = []
    for name in options.data:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            job = (name, options.seed, hyperparams, options.root, True, not options.nearest_only)
            results.append(pool.submit(measure, *job).result())
        print(report(results[-1:]), flush=True)
    if len(results) > 1:
        print("\n" + report(results))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        record = {"settings": results, "environment": environment(), "published": published()}
        options.json.write_text(json.dumps(record, indent=2, default=str) + "\n")
        print(f"written: {options.json}")


if __name__ == "__main__":
    main()
