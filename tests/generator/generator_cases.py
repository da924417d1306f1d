"""Small generators and pairs that the generator's tests share."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from carla_genre.generator.config import Architecture, Binning, GeneratorConfig, PairConfig, Training
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, find_pairs
from carla_genre.io import SEAL, read_sealed

N_LEVELS = np.array([0, 3, 0, 2])

SUMMARY = Architecture(embedding=16, decoder_layers=2, heads=2, feed_forward=32, summary=24)
PAPER_LIKE = replace(
    SUMMARY, kind="encoder-decoder", encoder_layers=2, norm="post", activation="relu", shared_tables=True
)
PATCHED = replace(SUMMARY, patch=3)  # of four features: the second patch has one
TRAINING = Training(steps=30, batch_size=64, evaluations=5, learning_rate=3e-3)


def for_each_damage(path: Path, read: Callable[[Path], object], error: type[Exception]) -> None:
    """A flipped bit anywhere in a file, and a file that is cut anywhere, raise an error that names the file."""
    content, random = path.read_bytes(), np.random.default_rng(0)
    read(path)
    for place in [*range(200), *random.integers(len(content), size=200)]:
        changed = bytearray(content)
        changed[place] ^= 1 << random.integers(8)
        for damaged in (bytes(changed), content[:place]):
            path.write_bytes(damaged)
            with pytest.raises(error, match=re.escape(str(path))):
                read(path)


def make_rows(n: int, seed: int) -> np.ndarray:
    """Two continuous features (the first on a grid), categoricals of three and two levels."""
    random = np.random.default_rng(seed)
    return np.column_stack(
        [
            random.integers(0, 11, n) / 10,
            random.integers(0, 3, n),
            random.random(n),
            random.integers(0, 2, n),
        ]
    ).astype(float)


def make_constraints(**changes: object) -> FeatureConstraints:
    """No constraints but those given."""
    constraints = FeatureConstraints(
        categorical=N_LEVELS > 0,
        immutable=np.zeros(4, bool),
        direction=np.zeros(4, int),
        lower=np.full(4, -np.inf),
        upper=np.full(4, np.inf),
    )
    return replace(constraints, **changes)


def make_pairs(constraints: FeatureConstraints | None = None, config: PairConfig | None = None) -> Pairs:
    """150 denied and 120 accepted rows."""
    return find_pairs(
        make_rows(150, 0),
        make_rows(120, 1),
        constraints or make_constraints(),
        config or PairConfig(top_k=20),
    )


def make_generator(
    architecture: Architecture = SUMMARY,
    constraints: FeatureConstraints | None = None,
    training: Training = TRAINING,
    n_bins: int = 16,
) -> Generator:
    """An untrained generator of fixed weights, large enough that its logits differ."""
    config = GeneratorConfig(binning=Binning(n_bins=n_bins), architecture=architecture, training=training)
    constraints = constraints or make_constraints()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        generator = Generator.for_pairs(config, constraints, N_LEVELS, make_pairs(constraints))
        for parameter in generator.parameters():
            parameter.data.add_(torch.randn_like(parameter) * 0.1)
    return generator.eval()


def saved_state(file: Path) -> dict[str, Any]:
    """What a checkpoint of a training holds."""
    return torch.load(io.BytesIO(read_sealed(file)[len(SEAL) :]))  # type: ignore[no-any-return]
