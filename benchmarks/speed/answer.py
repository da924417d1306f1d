"""Sampling with kept keys and values, against a decoder that reads the whole answer again for every feature.

python -m benchmarks.speed.answer --factuals 200 --samples 10
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.speed.alternate import alternate
from benchmarks.speed.command import finish, parse, timing_parser
from benchmarks.speed.pairs import adult_like_rules, people
from carla_genre.generator.config import PRESETS, SamplingConfig
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairs import find_pairs
from carla_genre.generator.sampler import sample


@torch.no_grad()
def sample_plainly(generator: Generator, factuals: torch.Tensor, sampling: SamplingConfig) -> torch.Tensor:
    """The same distribution with a full forward pass a feature, as a first version would do it."""
    repeated = factuals.repeat_interleave(sampling.n_samples, 0)
    answers = repeated.clone()
    random = torch.Generator().manual_seed(0)
    for feature in np.flatnonzero(~generator.rules.immutable):
        logits = generator.logits(repeated, answers)[:, feature]
        index = torch.multinomial((logits * sampling.temperature).softmax(-1), 1, generator=random)
        answers[:, feature] = generator.answer_bins.representatives[feature][index[:, 0]]
    return answers.view(len(factuals), sampling.n_samples, -1)


def measure(preset: str, n_factuals: int, n_samples: int, runs: int) -> dict[str, float]:
    """Untrained weights: the time does not depend on them."""
    config, rules = PRESETS[preset], adult_like_rules()
    pairs = find_pairs(people(4000, 0), people(2000, 1), rules, config.pairs)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        generator = Generator.for_pairs(config, rules, np.where(rules.categorical, 2, 0), pairs).eval()
    factuals = torch.from_numpy(people(n_factuals, 2))
    sampling = SamplingConfig(n_samples=n_samples)
    return alternate(
        lambda: sample(generator, factuals, sampling, 0),
        lambda: sample_plainly(generator, factuals, sampling),
        runs,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("answer", __doc__, runs=3)
    parser.add_argument("--presets", nargs="+", choices=sorted(PRESETS), default=["default"])
    parser.add_argument("--factuals", type=int, default=200)
    parser.add_argument("--samples", type=int, default=10)
    options = parse(parser, arguments, quick={"factuals": 5, "samples": 2, "runs": 1})
    figures = {
        f"own network without cache, preset {preset}": measure(
            preset, options.factuals, options.samples, options.runs
        )
        for preset in options.presets
    }
    finish(options, figures)


if __name__ == "__main__":
    main()
