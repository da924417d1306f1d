"""How GenRe's default grows with the features and with the training rows: the generator, the selector, the answers.

python -m benchmarks.speed.growth --json benchmarks/results/speed/growth_cpu.json [--full]

The data are those of `benchmarks.studies.features`: features in blocks that tell of each other, any number of them and
of rows. Each size is measured in a process of its own, on one thread. Training takes a few steps, of which the seconds
of one are told: what is wanted is how they grow. ``--full`` adds the sizes that take minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd

from benchmarks.speed.alternate import repeated, seconds
from benchmarks.speed.apart import apart
from benchmarks.speed.command import finish, parse, resumed, timing_parser
from benchmarks.studies.features.chain import TARGET, Chain
from carla_genre import load_dataset
from carla_genre.blackbox import model_probability
from carla_genre.evaluation.environment import memory_since_mb, peak_memory_mb
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER, train_by_name
from carla_genre.threads import processor_threads

# Rows that h reads in its training, over all epochs.
READ = 200_000
FULL_FEATURES, FULL_ROWS = (200, 500), (1_000_000,)


def problem(n_features: int, n_rows: int, n_people: int) -> tuple[Any, pd.DataFrame]:
    """The paper's network on rows of the known model, and people whom it denies."""
    chain = Chain(n_features)
    rows = chain.frame(n_rows + 20 * n_people, seed=0)
    data = load_dataset(
        rows[:n_rows],
        test=rows[n_rows:],
        target=TARGET,
        immutables=chain.immutables,
        encoding_method="Identity",
        scaling_method="Identity",
        quiet=True,
    )
    epochs = max(1, min(100, READ // n_rows))
    mlmodel = train_by_name(
        PAPER_CLASSIFIER, data, chain.names, balanced=False, seed=0, epochs=epochs
    ).mlmodel
    test = data.df_test
    return mlmodel, test[model_probability(mlmodel, test) <= 0.5].head(n_people)


def measure(n_features: int, n_rows: int, options: argparse.Namespace) -> dict[str, float]:
    """A row of figures of one size; peak MB are what building and answering add."""
    mlmodel, people = problem(n_features, n_rows, options.factuals)
    before, start = peak_memory_mb(), time.perf_counter()
    method = GenRe(mlmodel, {"threads": 1, "verbose": False, "training": {"steps": options.steps}})
    building = time.perf_counter() - start
    values = method.schema.encode(people)
    row = repeated(partial(method.get_counterfactuals, people), options.runs)
    return {
        **row,
        "ours_peak_mb": memory_since_mb(before),
        "drawing_s": seconds(partial(method.candidates, values)),
        "one_person_s": repeated(partial(method.get_counterfactuals, people.head(1)), options.runs)["ours_s"],
        "building_s": building,
        "pairs_s": method.seconds["pairs"],
        "training_step_s": method.seconds["training"] / options.steps,
        "selector_s": method.seconds["selector"],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("growth", __doc__, runs=3)
    parser.add_argument("--features", type=int, nargs="*", default=[20, 50, 100])
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--full", action="store_true", help="also 200 and 500 features, and 10^6 rows")
    parser.add_argument("--usual-features", type=int, default=20, help="where the rows grow (default 20)")
    parser.add_argument(
        "--usual-rows", type=int, default=5_000, help="where the features grow (default 5000)"
    )
    parser.add_argument("--factuals", type=int, default=50, help="denied people (default 50)")
    parser.add_argument("--steps", type=int, default=20, help="of GenRe's training (default 20)")
    small = {"features": [10], "rows": [400], "usual_features": 10, "usual_rows": 400, "factuals": 10}
    options = parse(parser, arguments, {**small, "steps": 4, "runs": 1})
    features = [*options.features, *(FULL_FEATURES if options.full else ())]
    rows = [*options.rows, *(FULL_ROWS if options.full else ())]
    work: dict[str, Callable[[], dict[str, float]]] = {}
    for d in features:
        work[f"{d} features, {options.usual_rows} rows"] = partial(
            apart, measure, d, options.usual_rows, options
        )
    for n in rows:
        work[f"{options.usual_features} features, {n} rows"] = partial(
            apart, measure, options.usual_features, n, options
        )
    with processor_threads(1):
        finish(options, resumed(options, work))


if __name__ == "__main__":
    main()
