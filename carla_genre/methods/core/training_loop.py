"""The training loop of the networks that the compared methods learn."""

from __future__ import annotations

import copy
import logging
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from carla_genre.errors import TrainingError
from carla_genre.progress import bar

log = logging.getLogger(__name__)


@dataclass
class LossHistory:
    """The measured losses, the steps after which they were measured, and the step of the least."""

    step: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    best_step: int = 0


def train(
    network: nn.Module,
    batch_loss: Callable[[], Tensor],
    optimizer: torch.optim.Optimizer,
    steps: int,
    name: str,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
    held_out_loss: Callable[[], Tensor] | None = None,
    every: int = 1,
    from_start: bool = False,
    patience: int = 0,
    clip: float = math.inf,
    verbose: bool = False,
) -> LossHistory:
    """Train in place; with a held-out loss, keep the weights of the least.

    Parameters
    ----------
    batch_loss : callable
        Draws a batch and gives its loss, a scalar with a gradient.
    held_out_loss : callable, optional
        Called in eval mode. Without it the batch's loss is what is measured.
    every : int
        Steps between two measurements; the last step is measured too, the untrained network if ``from_start``.
    patience : int
        Measurements without a lower loss after which training stops; 0 never stops early.
    clip : float
        Largest norm of the gradient.
    verbose : bool
        Show a bar on a terminal, log lines elsewhere.

    Raises
    ------
    TrainingError
        A measured loss is not finite.
    """
    history, best = LossHistory(), network.state_dict()
    on_terminal = verbose and sys.stderr.isatty()

    def measure(step: int, loss: Tensor) -> None:
        nonlocal best
        if held_out_loss is not None:
            network.eval()
            with torch.no_grad():
                loss = held_out_loss()
            network.train()
        history.step.append(step)
        history.loss.append(loss.item())
        if not math.isfinite(history.loss[-1]):
            raise TrainingError(f"{name}: the loss is {loss} at step {step}: lower learning_rate")
        if history.loss[-1] <= min(history.loss):
            history.best_step = step
            best = copy.deepcopy(network.state_dict()) if held_out_loss is not None else best
        if verbose and not on_terminal:
            log.info("train %s: step %d of %d, loss %.4f", name, step, steps, loss)

    network.train()
    if from_start:
        measure(0, torch.zeros(()))
    with bar(f"train {name}", steps, verbose) as done:
        for step in range(1, steps + 1):
            loss = batch_loss()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if clip < math.inf:
                nn.utils.clip_grad_norm_(network.parameters(), clip)
            optimizer.step()
            if schedule is not None:
                schedule.step()
            done.advance()
            if step % every == 0 or step == steps:
                measure(step, loss.detach())
                done.note(f"loss {history.loss[-1]:.3f}")
                if 0 < patience < len(history.step) - history.step.index(history.best_step):
                    break
    network.load_state_dict(best)
    return history
