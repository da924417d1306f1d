"""Very many people answered in one call: seconds, answers a second, and the memory that it takes.

python -m benchmarks.speed.stream --root FOLDER --people 100000 --samples 10

GenRe, the default preset trained in full, answers denied people of the data set's own rows, drawn with replacement:
from CARLA's frame to CARLA's frame, with the choice among the candidates: by the paper's rule, and a tenth of them by
GenRe's default, which takes more candidates and has a selector. Memory is what the call adds to a process that
has answered a few people before.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.speed.alternate import alone, seconds
from benchmarks.speed.apart import apart
from benchmarks.speed.command import finish, parse, timing_parser
from benchmarks.speed.settings import add_data, add_setting, setting
from carla_genre.evaluation.environment import memory_since_mb, peak_memory_mb
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting


def denied_people(found: Setting, method: GenRe, n: int) -> pd.DataFrame:
    """Rows of the data that h denies, any number of them."""
    rows = found.data.df
    denied = rows[method.scores(method.schema.encode(rows)) <= 0.5]
    return denied.sample(n, replace=True, random_state=0, ignore_index=True)


def measure(
    data: str, checkpoint: str, options: argparse.Namespace, n_people: int, sampling: Mapping[str, Any]
) -> dict[str, float]:
    """A row of figures, of a trained generator that is loaded."""
    found = setting(data, options)
    method = GenRe.load(checkpoint, found.mlmodel).with_sampling(**sampling)
    people = denied_people(found, method, n_people)
    method.get_counterfactuals(people.head(50))  # what the libraries take once
    before = peak_memory_mb()
    row = alone([seconds(lambda: method.get_counterfactuals(people)) for _ in range(options.runs)])
    return {
        **row,
        "ours_peak_mb": memory_since_mb(before),
        "answers_a_second": n_people * method.hyperparams["n_samples"] / row["ours_s"],
    }


def train(data: str, checkpoint: str, options: argparse.Namespace) -> None:
    """Train and save."""
    training = {} if options.steps is None else {"training": {"steps": options.steps}}
    hyperparams = {"threads": options.threads, "verbose": False, **training}
    GenRe(setting(data, options).mlmodel, hyperparams).save(checkpoint)


def rows_of(data: str, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """One data set's. This process stays small: a new one counts what the process that starts it holds."""
    ways = {
        "one call": (options.people, {"selection": "validity", "n_samples": options.samples}),
        "a tenth by expected Score": (options.people // 10, {"n_samples": options.more_samples}),
    }
    with tempfile.TemporaryDirectory(prefix="carla-genre-") as folder:
        work = data, str(Path(folder) / "trained.safetensors"), options
        apart(train, *work)
        return {f"{data}, {title}": apart(measure, *work, *way) for title, way in ways.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("stream", __doc__, runs=1)
    add_data(parser, default=("adult",))
    add_setting(parser, factuals=1)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=10, help="by the paper's rule (default 10)")
    parser.add_argument("--more-samples", type=int, default=100, help="by expected Score (default 100)")
    parser.add_argument("--threads", type=int, default=2, help="of the processor (default 2)")
    parser.add_argument("--steps", type=int, help="of our training, instead of the preset's")
    quick = {"rows": 600, "people": 300, "samples": 2, "more_samples": 10, "threads": 1, "steps": 12}
    options = parse(parser, arguments, quick)
    figures: dict[str, dict[str, float]] = {}
    for data in options.data:
        figures |= rows_of(data, options)
    finish(options, figures)


if __name__ == "__main__":
    main()
