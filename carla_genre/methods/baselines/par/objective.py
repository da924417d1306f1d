"""PAR's objective, constrained MAP as one sum, and the training of the network that lowers it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from carla_genre.generator.randomness import sample_categorical
from carla_genre.methods.baselines.par.network import RecourseNetwork, Task
from carla_genre.methods.core.training_loop import train
from carla_genre.schema import Relaxation

EVALUATIONS = 20
# Most that a row's gradient may be at its answer: log-likelihoods fall steeply where no data are.
ROW_GRADIENT = 10.0
# Share of the training batches whose neighbourhood is one neighbour, drawn by its weight: these are what
# the further candidates of an answer are conditioned on.
SINGLE = 0.5


class Objective(nn.Module):
    """The penalised form of constrained MAP, to be minimised.

    -log p(x' | accepted) + denied_weight * max(log p(x' | denied), floor) + lambda * C(x, x')
    + sparsity_weight * (features changed) + validity_weight * max(margin - s(x'), 0)

    s imitates the logit of h, and the margin is the logit of ``confidence``. The floor ends the reward for leaving
    the denied class where its rows are as unlikely as they are among the accepted: without it the answer would leave
    the data altogether.

    ``accepted`` and ``denied`` give log-likelihoods in nats, as the floor is, and ``surrogate`` the logit of h:
    (..., W) -> (...). ``options`` are PAR's hyperparameters.
    """

    share: Tensor

    def __init__(
        self,
        accepted: nn.Module,
        denied: nn.Module,
        surrogate: nn.Module,
        relaxation: Relaxation,
        options: Mapping[str, Any],
        floor: float,
    ) -> None:
        super().__init__()
        self.accepted, self.denied, self.surrogate = accepted, denied, surrogate
        self.requires_grad_(False)
        self.options, self.floor = options, floor
        self.margin = math.log(options["confidence"] / (1 - options["confidence"]))
        # A changed category counts 1.
        self.register_buffer("share", torch.where(torch.from_numpy(relaxation.one_hot), 0.5, 1.0))

    def forward(self, factual: Tensor, answer: Tensor) -> Tensor:
        """The loss of answers (..., W) to factuals that broadcast: (...)."""
        change = (answer - factual).abs() * self.share
        loss = -self.accepted(answer)
        loss = loss + self.options["denied_weight"] * self.denied(answer).clamp_min(self.floor)
        loss = loss + self.options["lambda_"] * change.sum(-1)
        # Concave, with slope at 0: a small change costs more for its size than a large one.
        loss = loss + self.options["sparsity_weight"] * (change / (change + 0.05)).sum(-1)
        total: Tensor = loss + self.options["validity_weight"] * (self.margin - self.surrogate(answer)).relu()
        return total


def train_generator(network: RecourseNetwork, objective: Objective, task: Task) -> list[float]:
    """Train in place by the objective's options and keep the weights of the best validation loss.

    Returns
    -------
    list of float
        The validation losses: before the first step, then ``EVALUATIONS`` times.
    """
    options, device = objective.options, task.factual.device
    random = torch.Generator(device).manual_seed(options["seed"])
    order = torch.randperm(len(task), generator=random, device=device)
    n_held_out = min(max(1, int(options["validation"] * len(order))), 2048) if len(order) > 1 else 0
    held_out = task.rows(order[:n_held_out] if n_held_out else order)
    rows = order[n_held_out:]
    optimizer = torch.optim.Adam(network.parameters(), lr=options["learning_rate"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options["learning_rate"], total_steps=max(options["steps"], 10) + 1, pct_start=0.1
    )

    def batch_loss() -> Tensor:
        batch = task.rows(
            rows[torch.randint(len(rows), (options["batch_size"],), generator=random, device=device)]
        )
        batch = replace(batch, weights=_some_single(batch.weights, random))
        answer = network(batch)
        answer.register_hook(_clip_rows)
        mean: Tensor = objective(batch.factual, answer).mean()
        return mean

    return train(
        network,
        batch_loss,
        optimizer,
        options["steps"],
        "PAR",
        schedule,
        held_out_loss=lambda: objective(held_out.factual, network(held_out)).mean(),
        every=max(1, options["steps"] // EVALUATIONS),
        from_start=True,
        clip=1.0,
        verbose=options["verbose"],
    ).loss


def _some_single(weights: Tensor, random: torch.Generator) -> Tensor:
    """In a share of the rows all the weight is given to one neighbour, drawn by its weight."""
    uniform = torch.rand(len(weights), 2, generator=random, device=weights.device)
    return torch.where(uniform[:, :1] < SINGLE, single_neighbour(weights, uniform[:, 1:]), weights)


def single_neighbour(weights: Tensor, uniform: Tensor) -> Tensor:
    """One-hot weights (B, K) of the neighbour at each row's ``uniform`` (B, 1) of the cumulative weight."""
    chosen = torch.zeros_like(weights).scatter_(1, sample_categorical(weights, uniform), 1.0)
    return torch.where((weights > 0).any(1, keepdim=True), chosen, weights)


def _clip_rows(gradient: Tensor) -> Tensor:
    """A mean loss's gradient at the answers (B, W), each row's norm at most ``ROW_GRADIENT`` / B."""
    norm = gradient.norm(dim=1, keepdim=True).clamp_min(1e-12)
    clipped: Tensor = gradient * (ROW_GRADIENT / len(gradient) / norm).clamp_max(1.0)
    return clipped
