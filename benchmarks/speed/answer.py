"""Answers of a trained generator, against the paper's network sampled plainly, and against our own with less done.

python -m benchmarks.speed.answer --root FOLDER --factuals 200 --samples 10

Ours is the default preset trained in full: candidates that are alike so far are computed once, so that the time depends
on what the generator has learnt. The reference's does not; its weights are untrained. Choosing among the candidates is
not part of either. It is part of the last row: whole answers by GenRe's default rule, against those by the paper's.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from benchmarks.speed.alternate import in_turn
from benchmarks.speed.command import finish, parse, timing_parser
from benchmarks.speed.reference import LAYERS, Reference
from benchmarks.speed.settings import add_data, add_setting, setting
from carla_genre.datasets.catalog import FrameCatalog
from carla_genre.generator.config import SamplingConfig
from carla_genre.generator.generator import Generator
from carla_genre.generator.sampler import draw, sample
from carla_genre.methods.genre.method import GenRe
from carla_genre.threads import processor_threads


def untrained_reference(method: GenRe, data: FrameCatalog, layers: int) -> Reference:
    """The paper's network with bins for the training rows of label 1, where GenRe is."""
    accepted = data.df_train[data.df_train[data.target] == 1]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Reference(method.schema.encode(accepted), layers).to(method.device)


@torch.no_grad()
def sample_plainly(generator: Generator, factuals: Tensor, sampling: SamplingConfig) -> Tensor:
    """Our own network with a full forward pass a feature, as a first version would do it: (B, N, D)."""
    factuals = factuals.to(generator.device)
    repeated = factuals.repeat_interleave(sampling.n_samples, 0)
    answers = repeated.clone()
    random = torch.Generator(generator.device).manual_seed(0)
    for feature in np.flatnonzero(~generator.constraints.immutable):
        logits = generator.logits(repeated, answers)[:, feature]
        index = torch.multinomial((logits * sampling.temperature).softmax(-1), 1, generator=random)
        answers[:, feature] = generator.answer_bins.representatives[feature][index[:, 0]]
    return answers.view(len(factuals), sampling.n_samples, -1).cpu()


def measure(
    generator: Generator, reference: Reference, factuals: Tensor, sampling: SamplingConfig, runs: int
) -> dict[str, dict[str, float]]:
    """A row for each way that ours is held against, on the same factuals (B, D)."""

    def ours(rows: Tensor) -> Tensor:
        return sample(generator, rows, sampling, seed=0)

    ways: dict[str, Callable[[Tensor], Any]] = {
        "the paper's network": lambda rows: reference.sample(
            rows.float().to(generator.device), sampling.n_samples
        ).cpu(),
        "own network without cache": lambda rows: sample_plainly(generator, rows, sampling),
        "own network with cache, candidates apart": lambda rows: draw(
            generator, rows.to(generator.device), sampling, seed=0, share=False
        ).cpu(),
    }
    figures = {}
    for title, way in ways.items():
        for work in (ours, way):  # to warm up: the whole takes the reference long
            work(factuals[:10])
        row = in_turn(lambda: ours(factuals), lambda way=way: way(factuals), runs)  # type: ignore[misc]
        figures[title] = {**row, "answers_a_second": len(factuals) * sampling.n_samples / row["ours_s"]}
    return figures


def measure_rules(method: GenRe, people: pd.DataFrame, runs: int) -> dict[str, float]:
    """Whole answers by the default rule, with as many candidates as it takes, against those by the paper's rule."""
    expected = method.with_sampling(selection="expected")
    for rule in (expected, method):  # to warm up
        rule.get_counterfactuals(people[:10])
    row = in_turn(
        lambda: expected.get_counterfactuals(people), lambda: method.get_counterfactuals(people), runs
    )
    taken = {"ours_samples": expected.hyperparams["n_samples"]}
    return {**row, **taken, "people_a_second": len(people) / row["ours_s"]}


def rows_of(data: str, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """One data set's rows."""
    found = setting(data, options)
    training = {} if options.steps is None else {"training": {"steps": options.steps}}
    chosen = {"selection": "validity", "n_samples": options.samples}
    method = GenRe(found.mlmodel, {"threads": options.threads, "verbose": False, **chosen, **training})
    factuals = torch.from_numpy(method.schema.encode(found.factuals))
    sampling = SamplingConfig(n_samples=options.samples)
    reference = untrained_reference(method, found.data, options.layers)
    rows = measure(method.generator, reference, factuals, sampling, options.runs)
    rows["by expected Score, the paper's rule"] = measure_rules(method, found.factuals, options.runs)
    return {f"{data}, {title}": row for title, row in rows.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("answer", __doc__, runs=3)
    add_data(parser)
    add_setting(parser, factuals=200)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2, help="of the processor (default 2)")
    parser.add_argument("--steps", type=int, help="of our training, instead of the preset's")
    parser.add_argument("--layers", type=int, default=LAYERS, help="of the reference, instead of the paper's")
    quick = {"data": ["adult"], "rows": 600, "factuals": 5, "samples": 2, "threads": 1, "runs": 1}
    options = parse(parser, arguments, {**quick, "steps": 12, "layers": 1})
    figures: dict[str, dict[str, float]] = {}
    with processor_threads(options.threads):
        for data in options.data:
            figures |= rows_of(data, options)
        finish(options, figures)


if __name__ == "__main__":
    main()
