"""Answers, against the paper's network sampled plainly, and against our own network without a cache.

python -m benchmarks.speed.answer --root FOLDER --factuals 200 --samples 10

Features, levels and bins are those of the data; the weights are untrained, since the time does not depend on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.speed.alternate import alternate
from benchmarks.speed.command import finish, parse, timing_parser
from benchmarks.speed.reference import LAYERS, Reference
from benchmarks.speed.settings import add_data
from carla_genre.generator.bins import Bins
from carla_genre.generator.config import PRESETS, SamplingConfig
from carla_genre.generator.generator import Generator
from carla_genre.generator.sampler import sample
from carla_genre.generator.threads import processor_threads
from carla_genre.methods.device import choose_device
from carla_genre.methods.generator_rules import generator_rules, level_counts
from carla_genre.protocol.data import input_columns, load_protocol_data
from carla_genre.schema import Schema


class Untrained(NamedTuple):
    """Both networks for a data set, and rows to answer."""

    generator: Generator
    reference: Reference
    factuals: Tensor  # (B, D)


def untrained(data: str, preset: str, root: str | None, n_factuals: int, layers: int) -> Untrained:
    """The networks as they are before training on a data set, where label 1 stands for D_h+ and 0 for D_h-."""
    catalog = load_protocol_data(data, root)
    classifier = SimpleNamespace(feature_input_order=input_columns(catalog), data=catalog)
    schema = Schema.from_mlmodel(classifier)  # type: ignore[arg-type]
    values = schema.encode(catalog.df_train)
    labels = catalog.df_train[catalog.target].to_numpy()
    config, levels = PRESETS[preset], level_counts(schema)
    answer_bins = Bins.fit(values[labels == 1], levels, config.binning)
    factual_bins = Bins.fit(values, levels, config.binning)
    device = choose_device("auto", "benchmarks.speed.answer")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        generator = Generator(config, generator_rules(schema), factual_bins, answer_bins)
        reference = Reference(values[labels == 1], layers)
    people = torch.from_numpy(values[labels == 0][:n_factuals])
    return Untrained(generator.to(device).eval(), reference.to(device), people)


@torch.no_grad()
def sample_plainly(generator: Generator, factuals: Tensor, sampling: SamplingConfig) -> Tensor:
    """Our own network with a full forward pass a feature, as a first version would do it: (B, N, D)."""
    factuals = factuals.to(generator.device)
    repeated = factuals.repeat_interleave(sampling.n_samples, 0)
    answers = repeated.clone()
    random = torch.Generator(generator.device).manual_seed(0)
    for feature in np.flatnonzero(~generator.rules.immutable):
        logits = generator.logits(repeated, answers)[:, feature]
        index = torch.multinomial((logits * sampling.temperature).softmax(-1), 1, generator=random)
        answers[:, feature] = generator.answer_bins.representatives[feature][index[:, 0]]
    return answers.view(len(factuals), sampling.n_samples, -1).cpu()


def measure(networks: Untrained, sampling: SamplingConfig, runs: int) -> dict[str, dict[str, float]]:
    """Both comparisons on the same people."""
    generator, reference, factuals = networks
    plain = factuals.float().to(generator.device)
    ways = {
        "the paper's network": lambda: reference.sample(plain, sampling.n_samples).cpu(),
        "own network without cache": lambda: sample_plainly(generator, factuals, sampling),
    }
    rows = {
        title: alternate(lambda: sample(generator, factuals, sampling, 0), way, runs)
        for title, way in ways.items()
    }
    answers = len(factuals) * sampling.n_samples
    return {title: {**row, "answers_a_second": answers / row["ours_s"]} for title, row in rows.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("answer", __doc__, runs=3)
    add_data(parser)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="default")
    parser.add_argument("--factuals", type=int, default=200)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2, help="of the processor (default 2)")
    parser.add_argument("--layers", type=int, default=LAYERS, help="of the reference, instead of the paper's")
    quick = {"data": ["adult"], "factuals": 5, "samples": 2, "layers": 1, "threads": 1, "runs": 1}
    options = parse(parser, arguments, quick)
    figures = {}
    with processor_threads(options.threads):
        for data in options.data:
            networks = untrained(data, options.preset, options.root, options.factuals, options.layers)
            rows = measure(networks, SamplingConfig(n_samples=options.samples), options.runs)
            figures.update({f"{data}, {title}": row for title, row in rows.items()})
        finish(options, figures)


if __name__ == "__main__":
    main()
