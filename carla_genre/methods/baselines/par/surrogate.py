"""A differentiable imitation of a black-box classifier, for PAR's loss of validity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from carla_genre.methods.core.training_loop import train
from carla_genre.schema import Relaxation

HIDDEN = 64
BATCH = 256
LEARNING_RATE = 3e-3
# Most mixtures that h scores besides the training rows.
MIXED = 20_000


def mixed_rows(values: np.ndarray, seed: int) -> np.ndarray:
    """Rows that take each feature from one of two given rows: counterfactuals lie between such rows too."""
    random = np.random.default_rng(seed)
    n = min(len(values), MIXED)
    one, other = random.integers(len(values), size=(2, n))
    mixed: np.ndarray = np.where(random.random((n, values.shape[1])) < 0.5, values[one], values[other])
    return mixed


def distil(
    scores: Callable[[np.ndarray], np.ndarray],
    values: np.ndarray,
    known: np.ndarray,
    relaxation: Relaxation,
    steps: int,
    seed: int,
    device: torch.device,
) -> nn.Module:
    """Fit a small network, (..., W) -> (...), to the logit of h on encoded rows and on mixtures of them.

    ``values`` (n, D) are the rows and ``known`` (n,) their h; ``scores`` gives h of the mixtures. The seed is that of
    the mixtures and batches; the first weights are torch's random state's.
    """
    mixed = mixed_rows(values, seed)
    rows = relaxation.encode(np.concatenate([values, mixed]))
    vectors = torch.from_numpy(rows).float().to(device)
    target = torch.from_numpy(np.concatenate([known, scores(mixed)])).float().to(device)
    surrogate = nn.Sequential(
        *(nn.Linear(relaxation.width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()),
        *(nn.Linear(HIDDEN, 1), nn.Flatten(-2)),
    ).to(device)
    optimizer = torch.optim.Adam(surrogate.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    random = torch.Generator(device).manual_seed(seed)

    def batch_loss() -> torch.Tensor:
        batch = torch.randint(len(vectors), (BATCH,), generator=random, device=device)
        return nn.functional.binary_cross_entropy_with_logits(surrogate(vectors[batch]), target[batch])

    train(surrogate, batch_loss, optimizer, steps, "PAR's surrogate", schedule, every=steps)
    return surrogate
