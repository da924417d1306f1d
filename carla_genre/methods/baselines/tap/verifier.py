"""TAP's verifier: a network that tells from two rows whether their labels differ."""

from __future__ import annotations

import copy
import itertools
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from tqdm import tqdm

from carla_genre.errors import InputError

# Share of the rows whose pairs are held out, and how many pairs the validation loss is measured on.
HELD_OUT = 0.1
VALIDATION_PAIRS = 8192


class Verifier(nn.Module):
    """V(x, x'): the probability that the labels of x and x' differ, a ReLU network on both rows side by side.

    Parameters
    ----------
    width : int
        Numbers a row, W.
    layers : sequence of int
        Widths of the hidden layers.
    """

    def __init__(self, width: int, layers: Sequence[int]) -> None:
        super().__init__()
        sizes = [2 * width, *layers]
        hidden = [part for n, m in itertools.pairwise(sizes) for part in (nn.Linear(n, m), nn.ReLU())]
        self.network = nn.Sequential(*hidden, nn.Linear(sizes[-1], 1))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Logits of V: (B, W), (B, W) -> (B,)."""
        return self.network(torch.cat([first, second], dim=1)).squeeze(1)

    def probability(self, first: Tensor, second: Tensor) -> Tensor:
        """V itself, without gradients: (B, W), (B, W) -> (B,)."""
        with torch.no_grad():
            return torch.sigmoid(self(first, second))


@dataclass(frozen=True)
class VerifierTraining:
    """How a verifier is fitted.

    Parameters
    ----------
    epochs : int
        Bound of the training as passes over as many pairs as there are rows.
    max_steps : int
        Bound as gradient steps; the lower of the two holds.
    learning_rate : float
        Adam's.
    batch_size : int
        Pairs a step.
    patience : int
        Measurements of the held-out pairs' loss without improvement after which training stops; 0 never stops early.
    every : int
        Steps between two measurements.
    """

    epochs: int = 2000
    max_steps: int = 20000
    learning_rate: float = 1e-4
    batch_size: int = 128
    patience: int = 10
    every: int = 250


@dataclass
class VerifierHistory:
    """What the training did.

    Parameters
    ----------
    step : list of int
        Steps after which the held-out pairs were measured.
    validation, accuracy : list of float
        Their mean cross entropy, and the share on whose right side of 1/2 V is.
    best_step : int
        The step whose weights were kept.
    """

    step: list[int] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    best_step: int = 0


class LabelledPairs:
    """Random pairs of rows: as many of equal labels as of different ones, each label first as often as the other.

    Parameters
    ----------
    rows : Tensor (N, W)
    labels : Tensor (N,)
        0 and 1, both present.
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
        place = self._start[labels] + (uniform * self._count[labels]).long()
        first, second = self._rows[self._order[place]]
        return first, second, (labels[0] != labels[1]).float()


def fit_verifier(
    rows: np.ndarray,
    labels: np.ndarray,
    layers: Sequence[int],
    training: VerifierTraining,
    device: torch.device,
    seed: int,
    verbose: bool = True,
) -> tuple[Verifier, VerifierHistory]:
    """Fit V by cross entropy on random pairs of training rows, with early stopping.

    Parameters
    ----------
    rows : ndarray (N, W)
    labels : ndarray (N,)
        0 and 1.
    layers, training
        Of the verifier.
    device : torch.device
    seed : int
        Of the weights, the held-out rows and the pairs.
    verbose : bool
        Show a bar on a terminal.

    Returns
    -------
    verifier : Verifier
        With the weights of the least held-out loss, in double precision and eval mode.
    history : VerifierHistory

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
        verifier = Verifier(rows.shape[1], layers).to(device)
    n_steps = min(training.max_steps, training.epochs * math.ceil(len(rows) / training.batch_size))
    history = _descend(verifier, pairs, held_pairs, training, n_steps, random, verbose)
    return verifier.double().eval().requires_grad_(False), history


def _held_out(labels: Tensor, random: torch.Generator) -> Tensor:
    """A tenth of each label's rows, at least one and not all, bool (N,)."""
    held = torch.zeros_like(labels, dtype=torch.bool)
    for label in (0, 1):
        places = torch.nonzero(labels == label).flatten()
        order = torch.randperm(len(places), generator=random, device=labels.device)
        held[places[order[: max(1, int(len(places) * HELD_OUT))]]] = True
    return held


def _descend(
    verifier: Verifier,
    pairs: LabelledPairs,
    held_pairs: tuple[Tensor, Tensor, Tensor],
    training: VerifierTraining,
    n_steps: int,
    random: torch.Generator,
    verbose: bool,
) -> VerifierHistory:
    """Train in place and put back the best weights."""
    optimizer = torch.optim.Adam(verifier.parameters(), lr=training.learning_rate, fused=True)
    history, best = VerifierHistory(), copy.deepcopy(verifier.state_dict())
    hidden = not (verbose and sys.stderr.isatty())
    with tqdm(total=n_steps, desc="train TAP's verifier", unit="step", disable=hidden) as bar:
        for step in range(1, n_steps + 1):
            first, second, differ = pairs.draw(training.batch_size, random)
            loss = binary_cross_entropy_with_logits(verifier(first, second), differ)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            bar.update()
            if step % training.every and step != n_steps:
                continue
            if _measure(verifier, held_pairs, step, history):
                best = copy.deepcopy(verifier.state_dict())
            bar.set_postfix(loss=f"{history.validation[-1]:.3f}")
            since_best = len(history.step) - 1 - history.step.index(history.best_step)
            if training.patience and since_best >= training.patience:
                break
    verifier.load_state_dict(best)
    return history


@torch.no_grad()
def _measure(
    verifier: Verifier, pairs: tuple[Tensor, Tensor, Tensor], step: int, history: VerifierHistory
) -> bool:
    """Measure the held-out pairs; whether their loss is the least so far."""
    first, second, differ = pairs
    logits = verifier(first, second)
    loss = binary_cross_entropy_with_logits(logits, differ).item()
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"the verifier's held-out loss is {loss} at step {step}: lower learning_rate"
        )
    is_best = not history.validation or loss < min(history.validation)
    history.step.append(step)
    history.validation.append(loss)
    history.accuracy.append(((logits > 0) == (differ > 0.5)).float().mean().item())
    if is_best:
        history.best_step = step
    return is_best
