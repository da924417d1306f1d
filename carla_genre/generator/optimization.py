"""How the weights follow the gradient: the optimiser and the learning rate's schedule."""

from __future__ import annotations

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from carla_genre.generator.config import Training


def make_optimizer(model: nn.Module, config: Training) -> Optimizer:
    """AdamW, whose decay spares biases, norms and other vectors."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=config.learning_rate, fused=True)


def make_schedule(optimizer: Optimizer, config: Training, n_steps: int) -> LRScheduler:
    """The rate of each of ``n_steps`` steps; to be stepped after the optimizer."""
    if config.schedule == "constant":
        return ConstantLR(optimizer, factor=1.0, total_iters=1)
    # Stepped after the optimizer, it is asked for one rate more than there are steps.
    total = max(n_steps, 10) + 1
    return OneCycleLR(optimizer, config.learning_rate, total_steps=total, pct_start=0.1)
