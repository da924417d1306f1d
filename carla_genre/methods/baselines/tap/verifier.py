"""TAP's verifier: a network that tells from two rows whether their labels differ."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from carla_genre.errors import InputError
from carla_genre.methods.core.training_loop import LossHistory, train
from carla_genre.options import described, option

# Share of the rows whose pairs are held out, and how many pairs the validation loss is measured on.
HELD_OUT = 0.1
VALIDATION_PAIRS = 8192


class Verifier(nn.Module):
    """V(x, x'): the probability that the labels of x and x' differ, a ReLU network on both rows side by side.

    A row has ``width`` numbers, W; ``layers`` are the widths of the hidden layers.
    """

    def __init__(self, width: int, layers: Sequence[int]) -> None:
        super().__init__()
        sizes = [2 * width, *layers]
        hidden = [part for n, m in itertools.pairwise(sizes) for part in (nn.Linear(n, m), nn.ReLU())]
        self.network = nn.Sequential(*hidden, nn.Linear(sizes[-1], 1))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Logits of V: (B, W), (B, W) -> (B,)."""
        logits: Tensor = self.network(torch.cat([first, second], dim=1)).squeeze(1)
        return logits

    def probability(self, first: Tensor, second: Tensor) -> Tensor:
        """V itself, without gradients: (B, W), (B, W) -> (B,)."""
        with torch.no_grad():
            return torch.sigmoid(self(first, second))


@described
@dataclass(frozen=True)
class VerifierOptions:
    """The network, and how it is fitted."""

    layers: list[int] | tuple[int, ...] = option((50, 50, 50, 50), "Widths of the hidden layers.")
    epochs: int = option(2000, "Most passes over as many pairs as there are rows.", "[1, inf)")
    max_steps: int = option(20000, "Most gradient steps; the lower bound of the two holds.", "[1, inf)")
    learning_rate: float = option(1e-4, "Adam's.", "(0, inf)", aliases=("lr",))
    batch_size: int = option(128, "Pairs a step.", "[1, inf)")
    patience: int = option(
        10,
        "Training stops after so many measurements of the held-out loss without improvement; 0 never stops early.",
        "[0, inf)",
    )
    every: int = option(250, "Steps between two measurements.", "[1, inf)")


class LabelledPairs:
    """Random pairs of rows (N, W) with labels (N,), 0 and 1, both present.

    As many pairs have equal labels as different ones, and each label is first as often as the other.
    """

    def __init__(self, rows: Tensor, labels: Tensor) -> None:
        self._rows = rows
        order = torch.argsort(labels, stable=True)
        self._order, n_ones = order, int(labels.sum())
        self._start = torch.tensor([0, len(rows) - n_ones], device=rows.device)
        self._count = torch.tensor([len(rows) - n_ones, n_ones], device=rows.device)

    def draw(self, n: int, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """First rows (n, W), second rows (n, W), and whether their labels differ, float (n,)."""
        device = self._rows.device
        labels = torch.randint(0, 2, (2, n), generator=random, device=device)
        uniform = torch.rand(2, n, generator=random, device=device, dtype=torch.float64)
        index = self._start[labels] + (uniform * self._count[labels]).long()
        first, second = self._rows[self._order[index]]
        return first, second, (labels[0] != labels[1]).float()


def fit_verifier(
    rows: np.ndarray,
    labels: np.ndarray,
    options: VerifierOptions,
    device: torch.device,
    seed: int,
    verbose: bool = True,
) -> tuple[Verifier, LossHistory]:
    """Fit V by cross entropy on random pairs of training rows (N, W) with labels (N,), with early stopping.

    The verifier has the weights of the least held-out loss, in double precision, and is in eval mode. The seed is that
    of the weights, the held-out rows and the pairs.

    Raises
    ------
    InputError
        One of the labels has fewer than two rows: there are no pairs to learn from.
    """
    if np.bincount(labels, minlength=2).min() < 2:
        raise InputError(
            "TAP's verifier needs at least two training rows of each label; "
            f"there are {int((labels == 0).sum())} of label 0 and {int((labels == 1).sum())} of label 1"
        )
    random = torch.Generator(device).manual_seed(seed)
    values = torch.as_tensor(rows, dtype=torch.float32, device=device)
    known = torch.as_tensor(labels, device=device)
    held_out = _held_out(known, random)
    pairs = LabelledPairs(values[~held_out], known[~held_out])
    held_pairs = LabelledPairs(values[held_out], known[held_out]).draw(VALIDATION_PAIRS, random)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        verifier = Verifier(rows.shape[1], options.layers).to(device)
    n_steps = min(options.max_steps, options.epochs * math.ceil(len(rows) / options.batch_size))
    history = train(
        verifier,
        lambda: _loss(verifier, pairs.draw(options.batch_size, random)),
        torch.optim.Adam(verifier.parameters(), lr=options.learning_rate, fused=True),
        n_steps,
        "TAP's verifier",
        held_out_loss=lambda: _loss(verifier, held_pairs),
        every=options.every,
        patience=options.patience,
        verbose=verbose,
    )
    return verifier.double().eval().requires_grad_(False), history


def _loss(verifier: Verifier, pairs: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    first, second, differ = pairs
    return binary_cross_entropy_with_logits(verifier(first, second), differ)


def _held_out(labels: Tensor, random: torch.Generator) -> Tensor:
    """A tenth of each label's rows, at least one and not all, bool (N,)."""
    held = torch.zeros_like(labels, dtype=torch.bool)
    for label in (0, 1):
        rows = torch.nonzero(labels == label).flatten()
        order = torch.randperm(len(rows), generator=random, device=labels.device)
        held[rows[order[: max(1, int(len(rows) * HELD_OUT))]]] = True
    return held
