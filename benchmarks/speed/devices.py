"""Training shared by processes of this machine, against one process: by Lightning Fabric, with gloo on processors.

python -m benchmarks.speed.devices --devices 2 --threads 1

The pairs are found once and are no part of the time; the start of the processes is, and stands beside as start_s, the
seconds of a training of one step. Label 1 stands for D_h+ and 0 for D_h-: no classifier is needed. loss_difference is
the largest difference of the two validation curves.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.speed.alternate import in_turn, seconds
from benchmarks.speed.command import finish, parse, timing_parser
from benchmarks.speed.settings import add_data
from carla_genre.generator.config import PRESETS, GeneratorConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, find_pairs
from carla_genre.generator.training_state import History
from carla_genre.methods.core.device import choose_device
from carla_genre.protocol.data import input_columns, load_protocol_data
from carla_genre.schema import Schema
from carla_genre.threads import processor_threads


class Problem(NamedTuple):
    """What is trained: pairs, and a generator's configuration without its devices."""

    config: GeneratorConfig
    constraints: FeatureConstraints
    levels: np.ndarray
    pairs: Pairs


def problem(data: str, preset: str, options: argparse.Namespace) -> Problem:
    """A data set's pairs for a preset, which takes ``--steps`` of ``--batch`` pairs."""
    catalog = load_protocol_data(data, options.root)
    classifier = SimpleNamespace(feature_input_order=input_columns(catalog), data=catalog)
    schema = Schema.from_mlmodel(classifier)
    rows = catalog.df_train.iloc[: options.rows]
    values, labels = schema.encode(rows), rows[catalog.target].to_numpy()
    config, constraints = PRESETS[preset], schema.constraints
    training = replace(
        config.training, steps=options.steps, batch_size=options.batch, epochs=None, evaluations=5, patience=0
    )
    device = choose_device("auto", "benchmarks.speed.devices")
    pairs = find_pairs(values[labels == 0], values[labels == 1], constraints, config.pairs, device)
    return Problem(replace(config, training=training), constraints, schema.level_counts, pairs)


def train(task: Problem, devices: int, threads: int, steps: int | None = None) -> History:
    """The same training from the same weights, on so many devices with so many threads in all."""
    training = replace(task.config.training, devices=devices)
    training = training if steps is None else replace(training, steps=steps)
    config = replace(task.config, training=training)
    device = choose_device("auto", "benchmarks.speed.devices")

    def untrained() -> tuple[Generator, Pairs]:
        return Generator.for_pairs(config, task.constraints, task.levels, task.pairs).to(device), task.pairs

    with torch.random.fork_rng(), processor_threads(threads):
        torch.manual_seed(0)
        return fit(untrained, training, device, seed=0, verbose=False)[1]


def measure(task: Problem, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Several processes and one in turn, on the same steps; by how many threads the one has."""
    devices, shared = options.devices, options.devices * options.threads
    start = seconds(lambda: train(task, devices, shared, steps=1))
    curves: dict[int, History] = {}

    def curve(n: int, threads: int) -> None:
        curves[n] = train(task, n, threads)

    figures = {}
    for threads in options.alone_threads:
        row = in_turn(partial(curve, devices, shared), partial(curve, 1, threads), options.runs)
        difference = np.abs(np.subtract(curves[devices].validation, curves[1].validation)).max()
        title = f"against one of {threads} thread" + "s" * (threads > 1)
        figures[title] = {**row, "start_s": start, "loss_difference": float(difference)}
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("devices", __doc__, runs=3)
    add_data(parser, default=["adult"])
    parser.add_argument("--devices", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--threads", type=int, default=1, help="of each process (default 1)")
    parser.add_argument(
        "--alone-threads", type=int, nargs="+", default=[1, 2], help="of the one process (default 1 2)"
    )
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=["default"])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=1024, help="pairs a step, of all processes together")
    parser.add_argument("--rows", type=int, help="at most so many training rows")
    quick = {"rows": 400, "steps": 4, "batch": 64, "runs": 1, "alone_threads": [1]}
    options = parse(parser, arguments, quick)
    figures = {}
    for data in options.data:
        for preset in options.presets:
            for title, row in measure(problem(data, preset, options), options).items():
                figures[f"{data}, {preset}, {options.devices} processes, {title}"] = row
    finish(options, figures)


if __name__ == "__main__":
    main()
