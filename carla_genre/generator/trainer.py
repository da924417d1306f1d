"""Maximum-likelihood training on draws from Q (Algorithm 1), with early stopping and resumption."""

from __future__ import annotations

import copy
import logging
import math
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from carla_genre.errors import CheckpointError
from carla_genre.generator.config import Training
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairs import Pairs

log = logging.getLogger(__name__)

# Pairs that the validation loss is measured on: a small held-out set is drawn for up to four times to make the
# loss less noisy, a large one is cut, since the measurement costs as much as some steps.
VALIDATION_PAIRS = 4096
VALIDATION_DRAWS = 4


@dataclass
class History:
    """What training did.

    Parameters
    ----------
    step : list of int
        Steps after which the validation loss was measured.
    train, validation : list of float
        Mean loss of the steps since the last measurement, and of the held-out pairs.
    best_step : int
        The step whose weights were kept.
    """

    step: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_step: int = 0


class Trainer:
    """Fits a generator to pairs.

    Parameters
    ----------
    generator : Generator
        Trained in place; holds the best weights afterwards.
    pairs : Pairs
        On the generator's device.
    config : Training
    seed : int
        Decides the held-out sources and every draw.
    verbose : bool
        Show a progress bar on a terminal, log lines elsewhere.
    name : str
        What the bar says is trained.
    """

    def __init__(
        self,
        generator: Generator,
        pairs: Pairs,
        config: Training,
        seed: int,
        verbose: bool = True,
        name: str = "GenRe",
    ) -> None:
        self.name = name
        self.generator, self.pairs, self.config, self.verbose = generator, pairs, config, verbose
        device = generator.device
        self.random = torch.Generator(device).manual_seed(seed)
        self.sources = torch.from_numpy(pairs.sources).to(device)
        self.targets = torch.from_numpy(pairs.targets).to(device)
        self.immutable = torch.from_numpy(generator.rules.immutable).to(device)
        order = torch.randperm(len(pairs), generator=self.random, device=device)
        n_held_out = min(math.ceil(len(pairs) * config.validation), len(pairs) - 1)
        self.held_out, self.train_rows = order[:n_held_out], order[n_held_out:]
        self.held_out_targets = self._held_out_targets()
        batches = math.ceil(len(self.train_rows) / config.batch_size)
        self.n_steps = config.steps if config.epochs is None else config.epochs * batches
        self.every = max(1, self.n_steps // config.evaluations)
        self.optimizer, self.schedule = self._optimizer()
        self.history = History()
        self.best: dict[str, Tensor] = _weights(generator)
        self.step = 0
        self.queue = self.train_rows[:0]

    def fit(self) -> History:
        """Train to the end, or from where the checkpoint left off; restore the best weights.

        Raises
        ------
        KeyboardInterrupt
            After saving the state to ``config.checkpoint``, where there is one.
        """
        if self.config.checkpoint and Path(self.config.checkpoint).exists():
            self._resume(Path(self.config.checkpoint))
        forward = self._compiled_loss()
        was_training = self.generator.training
        self.generator.train()
        try:
            self._loop(forward)
        except KeyboardInterrupt:
            self._save()
            raise
        finally:
            self.generator.train(was_training)
        self.generator.load_state_dict(self.best)
        if self.config.checkpoint:
            Path(self.config.checkpoint).unlink(missing_ok=True)  # the work is done: nothing to resume
        return self.history

    def _loop(self, forward) -> None:  # type: ignore[no-untyped-def]
        losses: list[Tensor] = []
        on_terminal = self.verbose and sys.stderr.isatty()
        title = f"train {self.name}"
        with tqdm(
            total=self.n_steps, initial=self.step, desc=title, unit="step", disable=not on_terminal
        ) as bar:
            while self.step < self.n_steps and not self._is_over():
                losses.append(self._gradient_step(forward))
                self.step += 1
                bar.update()
                if self.step % self.every == 0 or self.step == self.n_steps:
                    self._evaluate(torch.stack(losses).mean().item())
                    losses.clear()
                    bar.set_postfix(loss=f"{self.history.validation[-1]:.3f}")
                    self._save()

    def _gradient_step(self, forward) -> Tensor:  # type: ignore[no-untyped-def]
        rows = self._next_batch()
        target = self.pairs.draw(rows, self.random)
        with self._autocast():
            loss = forward(*self._pair(rows, target)).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.config.clip:
            torch.nn.utils.clip_grad_norm_(self.generator.parameters(), self.config.clip)
        self.optimizer.step()
        self.schedule.step()
        return loss.detach()

    def _pair(self, rows: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Values of x and x+, both (B, D); an immutable that differs is given, as it will be in sampling."""
        source = self.sources[rows]
        return source, torch.where(self.immutable, source, self.targets[targets])

    def _next_batch(self) -> Tensor:
        """Every source once an epoch, in a new order each time."""
        if len(self.queue) == 0:
            order = torch.randperm(len(self.train_rows), generator=self.random, device=self.train_rows.device)
            self.queue = self.train_rows[order]
        size = self.config.batch_size
        rows, self.queue = self.queue[:size], self.queue[size:]
        return rows

    def _held_out_targets(self) -> Tensor:
        measured = self.held_out[:VALIDATION_PAIRS]
        n_draws = min(VALIDATION_DRAWS, max(1, VALIDATION_PAIRS // max(1, len(measured))))
        return torch.stack([self.pairs.draw(measured, self.random) for _ in range(n_draws)])

    @torch.no_grad()
    def validation_loss(self) -> float:
        """Mean loss of the held-out pairs, which are the same each time."""
        was_training = self.generator.training
        self.generator.eval()
        total = 0.0
        with self._autocast():
            for targets in self.held_out_targets:
                rows = self.held_out[: len(targets)]
                total += self.generator.loss(*self._pair(rows, targets)).sum().item()
        self.generator.train(was_training)
        return total / max(1, self.held_out_targets.numel())

    def _evaluate(self, train_loss: float) -> None:
        history = self.history
        loss = self.validation_loss() if len(self.held_out) else train_loss
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the validation loss is {loss} at step {self.step}: lower training.learning_rate"
            )
        if not history.validation or loss < min(history.validation):
            history.best_step = self.step
            self.best = _weights(self.generator)
        history.step.append(self.step)
        history.train.append(train_loss)
        history.validation.append(loss)
        if self.verbose:
            log.info("step %d of %d: train %.4f, validation %.4f", self.step, self.n_steps, train_loss, loss)

    def _is_over(self) -> bool:
        """No better validation loss for ``patience`` evaluations."""
        losses, patience = self.history.validation, self.config.patience
        if not patience or len(losses) <= patience:
            return False
        return len(losses) - 1 - losses.index(min(losses)) >= patience

    def _optimizer(self) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        matrices = [p for p in self.generator.parameters() if p.ndim >= 2]
        others = [p for p in self.generator.parameters() if p.ndim < 2]
        rate = self.config.learning_rate
        groups = [
            {"params": matrices, "weight_decay": self.config.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=rate, fused=True)
        if self.config.schedule == "constant":
            return optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=1)
        # The schedule steps after the optimizer, so it is asked for one rate more than there are steps.
        total = max(self.n_steps, 10) + 1
        return optimizer, torch.optim.lr_scheduler.OneCycleLR(
            optimizer, rate, total_steps=total, pct_start=0.1
        )

    def _autocast(self) -> torch.autocast:
        device = self.generator.device.type
        wanted = self.config.precision == "bfloat16" or (
            self.config.precision == "auto" and device == "cuda" and torch.cuda.is_bf16_supported()
        )
        return torch.autocast(device, dtype=torch.bfloat16, enabled=wanted)

    def _compiled_loss(self):  # type: ignore[no-untyped-def]
        # Compiling costs about a minute: it pays on a GPU once some thousand steps are to be taken.
        wanted = self.config.compile == "on" or (
            self.config.compile == "auto" and self.generator.device.type == "cuda" and self.n_steps > 3000
        )
        return torch.compile(self.generator.loss) if wanted else self.generator.loss

    def _identity(self) -> dict[str, object]:
        """What must be equal for a checkpoint to be resumed."""
        return {
            "config": repr(self.generator.config),
            "sources": len(self.pairs),
            "targets": len(self.targets),
        }

    def _save(self) -> None:
        if not self.config.checkpoint:
            return
        path = Path(self.config.checkpoint)
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "identity": self._identity(),
            "generator": self.generator.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": self.random.get_state(),
            "dropout": _global_random(self.generator.device),
            "queue": self.queue,
            "step": self.step,
            "history": vars(self.history),
        }
        partial = path.with_name(path.name + ".part")
        torch.save(state, partial)
        os.replace(partial, path)  # a reader never sees half a file

    def _resume(self, path: Path) -> None:
        try:
            state = torch.load(path, map_location=self.generator.device, weights_only=True)
            identity = state["identity"]
        except Exception as error:
            raise CheckpointError(
                f"{path} is no training checkpoint of this package: name another file"
            ) from error
        if identity != self._identity():
            raise CheckpointError(
                f"{path} was written by another training (configuration or data differ): name another file"
            )
        self.generator.load_state_dict(state["generator"])
        self.best = state["best"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.random.set_state(state["random"].cpu())
        _set_global_random(self.generator.device, state["dropout"].cpu())
        self.queue, self.step = state["queue"], state["step"]
        self.history = History(**state["history"])
        log.info("resumed %s at step %d of %d", path, self.step, self.n_steps)


def _weights(generator: Generator) -> dict[str, Tensor]:
    return copy.deepcopy(generator.state_dict())


def _global_random(device: torch.device) -> Tensor:
    """State of the generator that dropout draws from."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_global_random(device: torch.device, state: Tensor) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
