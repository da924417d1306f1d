"""What flipped labels cost GenRe with calibrated confidences, in gamma, in its own labels and in h: one table.

python -m benchmarks.robust.noise --root FOLDER --json benchmarks/results/robust/noise.json
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.command import command_parser, exit_status
from benchmarks.paper.published import name_of
from benchmarks.robust.cells import NOISE
from carla_genre.harness.markdown import markdown_table, spread
from carla_genre.harness.record import write
from carla_genre.methods.core.encoded_classifier import EncodedClassifier
from carla_genre.methods.genre.method import GenRe
from carla_genre.protocol import Setting, prepare
from carla_genre.protocol.cache import default_folder
from carla_genre.protocol.data import with_train_rows
from carla_genre.selection import calibrated_gamma

DATA, SEEDS = ("compas",), (0, 1, 2, 3, 4)
WAYS = {
    "none": "nowhere: h as it is",
    "h": "h alone has learned them",
    "labels": "h, and the labels that GenRe learns from; gamma of the true ones",
    "gamma": "everywhere",
}


def scores(data: str, seed: int, root: str | None, cache: str) -> dict[str, float]:
    """Score where the flipped labels are nowhere, in h alone, in all but gamma, and everywhere."""
    clean, noisy = (prepare(data, seed, root=root, cache=cache, label_noise=noise) for noise in (0.0, NOISE))
    target, train = clean.data.target, noisy.data.df_train
    unflipped = copy.copy(noisy.mlmodel)
    unflipped.data = with_train_rows(noisy.data, train.assign(**{target: clean.data.df_train[target]}))
    gamma = calibrated_gamma(EncodedClassifier(unflipped, noisy.judge.schema).training_rows(), 0.7)
    calibrated = {"calibrate": True}
    return {
        "none": _score(clean, clean.mlmodel, seed, calibrated),
        "h": _score(noisy, unflipped, seed, calibrated),
        "labels": _score(noisy, noisy.mlmodel, seed, {"gamma": gamma}),
        "gamma": _score(noisy, noisy.mlmodel, seed, calibrated),
    }


def _score(setting: Setting, mlmodel: Any, seed: int, hyperparams: Mapping[str, Any]) -> float:
    genre = GenRe(mlmodel, {**hyperparams, "seed": seed, "verbose": False})
    people = setting.factuals[list(mlmodel.feature_input_order)]
    return round(float(setting.score(genre.get_counterfactuals(people)).score), 4)


def markdown(figures: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """A row for each data set and for where the flipped labels are: Score, and what the step to it costs."""
    lines = []
    for data, found in figures.items():
        before: np.ndarray | None = None
        for way, words in WAYS.items():
            now = np.array(found[way])
            step = "" if before is None else f"{(now - before).mean():+.3f}"
            deviation = float(now.std(ddof=1)) if len(now) > 1 else float("nan")
            lines.append([name_of(data), words, spread(float(now.mean()), deviation, 3), step])
            before = now
    return markdown_table(["data", "where the flipped labels are", "Score", "this step"], lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all, write the record and print the table; the exit status."""
    parser = command_parser("robust.noise", __doc__, "root", "cache", "data", "seeds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the record; else nothing is written")
    options = parser.parse_args(arguments)
    return exit_status("robust.noise", lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    seeds, cache = options.seeds or SEEDS, str(options.cache or default_folder())
    figures = {}
    for data in options.data or DATA:
        found = [scores(data, seed, options.root, cache) for seed in seeds]
        figures[data] = {way: [one[way] for one in found] for way in WAYS}
    if options.json:
        write(options.json, {"seeds": list(seeds), "label_noise": NOISE}, figures)
    print(markdown(figures))


if __name__ == "__main__":
    sys.exit(main())
