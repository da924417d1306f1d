"""Maximum-likelihood training on draws from Q (Algorithm 1), with early stopping and resumption."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from carla_genre.errors import InputError, TrainingError
from carla_genre.generator import training_state
from carla_genre.generator.batches import Batches
from carla_genre.generator.config import Training
from carla_genre.generator.distributed.world import World
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.examples import Example, Examples
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.training_state import History, digest
from carla_genre.io import at_home
from carla_genre.progress import bar

log = logging.getLogger(__name__)

# Pairs that the validation loss is measured on: a small held-out set is drawn for up to four times to make the
# loss less noisy, a large one is cut, since the measurement costs as much as some steps.
VALIDATION_PAIRS = 1024
VALIDATION_DRAWS = 4


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
    world : World, optional
        The processes that train together, each with such a trainer. All draw the same batches; each learns
        from its share of them.
    """

    def __init__(
        self,
        generator: Generator,
        pairs: Pairs,
        config: Training,
        seed: int,
        verbose: bool = True,
        name: str = "GenRe",
        world: World | None = None,
    ) -> None:
        self.name, self.world, self.seed = name, world or World(), seed
        self.is_warned = False
        self.generator, self.pairs, self.config, self.verbose = generator, pairs, config, verbose
        device = generator.device
        self.random = torch.Generator(device).manual_seed(seed)
        self.examples = Examples(generator, pairs, config)
        self.batches = Batches(len(pairs), config, self.random)
        self.held_out = self._draw_held_out()
        self.n_steps = config.steps if config.epochs is None else config.epochs * self.batches.per_epoch
        self.every = max(1, self.n_steps // config.evaluations)
        self.optimizer = make_optimizer(generator, config)
        self.schedule = make_schedule(self.optimizer, config, self.n_steps)
        self.history = History()
        self.best: dict[str, Tensor] = _weights(generator)
        self.losses: list[Tensor] = []  # since the last measurement
        self.step = 0

    def fit(self) -> History:
        """Train to the end, or from where the checkpoint left off; restore the best weights.

        Raises
        ------
        TrainingError
            The loss is not finite.
        CheckpointError
            ``config.checkpoint`` is damaged, or another training's.
        KeyboardInterrupt
            After the step, and after saving the state to ``config.checkpoint``, where there is one. A second Ctrl-C
            ends the step too.
        """
        self.identity = self._identity()
        self._resume()
        forward = self._compiled_loss()
        was_training = self.generator.training
        self.generator.train()
        try:
            with self.world.interrupts_noted():
                self._loop(forward)
        finally:
            self.generator.train(was_training)
        self.generator.load_state_dict(self.best)
        if self.config.checkpoint and self.world.rank == 0:
            at_home(self.config.checkpoint).unlink(missing_ok=True)  # the work is done: nothing to resume
        return self.history

    def _loop(self, forward: Callable[..., Tensor]) -> None:
        with bar(f"train {self.name}", self.n_steps, self.verbose, self.step) as done:
            while self.step < self.n_steps and not self._is_over():
                self.losses.append(self._gradient_step(forward))
                self.step += 1
                done.advance()
                if self.step % self.every == 0 or self.step == self.n_steps:
                    self._evaluate(torch.stack(self.losses).mean().item())
                    self.losses.clear()
                    done.note(f"loss {self.history.validation[-1]:.3f}")
                    self._save()
                if self.world.is_interrupted():
                    self._save()
                    raise KeyboardInterrupt

    def _gradient_step(self, forward: Callable[..., Tensor]) -> Tensor:
        batch = self.batches.next()
        example = self._examples(batch)
        with self._autocast():
            loss = forward(*example).sum() / len(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        loss = loss.detach()
        self.world.all_reduce([loss, *(p.grad for p in self.generator.parameters() if p.grad is not None)])
        if self.config.clip:
            torch.nn.utils.clip_grad_norm_(self.generator.parameters(), self.config.clip)
        self.optimizer.step()
        self.schedule.step()
        return loss

    def _examples(self, rows: Tensor) -> Example:
        """Of rows (B,) the share that is this process's; random numbers are drawn for all by all."""
        uniform = torch.rand(len(rows), 1, generator=self.random, device=rows.device)
        mine = self.world.share(len(rows))
        return self.examples.draw(rows[mine], uniform[mine])

    def _draw_held_out(self) -> list[Example]:
        measured = self.batches.held_out[:VALIDATION_PAIRS]
        n_draws = min(VALIDATION_DRAWS, max(1, VALIDATION_PAIRS // max(1, len(measured))))
        return [self._examples(measured) for _ in range(n_draws)]

    @torch.no_grad()
    def validation_loss(self) -> float:
        """Mean loss of the held-out pairs, which are the same each time."""
        was_training = self.generator.training
        self.generator.eval()
        total = torch.zeros((), dtype=torch.float64, device=self.generator.device)
        count = torch.zeros_like(total)
        with self._autocast():
            for example in self.held_out:
                total += self.generator.loss(*example).sum()
                count += len(example.factual)
        self.world.all_reduce([total, count])
        self.generator.train(was_training)
        return (total / count.clamp_(min=1)).item()

    def _evaluate(self, train_loss: float) -> None:
        history = self.history
        loss = self.validation_loss() if len(self.batches.held_out) else train_loss
        if not math.isfinite(loss):
            raise TrainingError(
                f"the validation loss is {loss} at step {self.step}: lower training.learning_rate"
            )
        if history.is_better(loss):
            history.best_step = self.step
            self.best = _weights(self.generator)
        history.step.append(self.step)
        history.train.append(train_loss)
        history.validation.append(loss)
        if self.verbose:
            log.info("step %d of %d: train %.4f, validation %.4f", self.step, self.n_steps, train_loss, loss)

    def _is_over(self) -> bool:
        """No better validation loss for ``patience`` evaluations."""
        return 0 < self.config.patience <= self.history.evaluations_since_best()

    def _autocast(self) -> torch.autocast:
        device = self.generator.device.type
        wanted = self.config.precision == "bfloat16" or (
            self.config.precision == "auto" and device == "cuda" and torch.cuda.is_bf16_supported()
        )
        return torch.autocast(device, dtype=torch.bfloat16, enabled=wanted)

    def _compiled_loss(self) -> Callable[..., Tensor]:
        # Compiling costs about a minute: it pays on a GPU once some thousand steps are to be taken.
        wanted = self.config.compile == "on" or (
            self.config.compile == "auto" and self.generator.device.type == "cuda" and self.n_steps > 3000
        )
        return torch.compile(self.generator.loss) if wanted else self.generator.loss

    def _identity(self) -> dict[str, object]:
        """What must be equal for a checkpoint to be resumed: all that decides the trained weights."""
        if not self.config.checkpoint or self.world.rank:
            return {}
        # Where it is saved, and on how many devices it runs, does not matter.
        training = replace(self.config, checkpoint=None, devices=1, nodes=1)
        config = asdict(replace(self.generator.config, training=training))
        parts = ("pairs", "binning", "architecture", "training")
        generator, constraints = self.generator, vars(self.generator.constraints).values()
        bins = [*generator.factual_bins.buffers(), *generator.answer_bins.buffers()]
        return {
            "seed": self.seed,
            **{f"{part}.{name}": value for part in parts for name, value in config[part].items()},
            "denied rows": digest([torch.from_numpy(self.pairs.sources)]),
            "accepted rows": digest([torch.from_numpy(self.pairs.targets)]),
            "bins": digest(bins),
            "constraints": digest(map(torch.from_numpy, constraints)),
            "first weights": digest(generator.transformer.parameters()),
        }

    def _save(self) -> None:
        if not self.config.checkpoint:
            return
        state = self._state()
        if self.world.rank:
            return
        try:
            training_state.save(at_home(self.config.checkpoint), self.identity, state)
        except InputError as error:
            if not self.is_warned:
                log.warning("the training goes on, but its state is not saved: %s", error)
            self.is_warned = True

    def _state(self) -> dict[str, Any]:
        return {
            "generator": self.generator.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": self.random.get_state(),
            "dropout": self.world.all_gather(training_state.dropout_state(self.generator.device)),
            "queue": self.batches.queue,
            "losses": self.losses,
            "step": self.step,
            "history": vars(self.history),
        }

    def _resume(self) -> None:
        """Go on from the checkpoint, if there is one; other machines are sent it."""
        if not self.config.checkpoint:
            return
        path = at_home(self.config.checkpoint)
        state = self.world.broadcast(
            lambda: training_state.read(path, self.identity) if path.exists() else None
        )
        if state is None:
            return
        device = self.generator.device
        self.generator.load_state_dict(state["generator"])
        self.best = {name: weight.to(device) for name, weight in state["best"].items()}
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.random.set_state(state["random"])
        if self.world.rank < len(state["dropout"]):  # a process more than there were keeps its own
            training_state.set_dropout_state(device, state["dropout"][self.world.rank])
        self.batches.queue, self.step = state["queue"].to(device), state["step"]
        self.losses = [loss.to(device) for loss in state["losses"]]
        self.history = History(**state["history"])
        if self.verbose:
            log.info("resumed %s at step %d of %d", path, self.step, self.n_steps)


def _weights(generator: Generator) -> dict[str, Tensor]:
    return copy.deepcopy(generator.state_dict())


def make_optimizer(model: nn.Module, config: Training) -> Optimizer:
    """AdamW, whose decay spares vectors: biases of layers, and norms.

    The output layers' table of biases (D, K), one a bin, is decayed: a bin that is rarely seen is drawn to the others.
    """
    groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for parameter in model.parameters():
        groups[parameter.ndim >= 2].append(parameter)
    decayed = {"params": groups[True], "weight_decay": config.weight_decay}
    return AdamW(
        [decayed, {"params": groups[False], "weight_decay": 0.0}], lr=config.learning_rate, fused=True
    )


def make_schedule(optimizer: Optimizer, config: Training, n_steps: int) -> LRScheduler:
    """The rate of each of ``n_steps`` steps; to be stepped after the optimizer."""
    if config.schedule == "constant":
        return ConstantLR(optimizer, factor=1.0, total_iters=1)
    # It is stepped after the optimizer, so it needs one rate more than there are steps.
    total = max(n_steps, 10) + 1
    return OneCycleLR(optimizer, config.learning_rate, total_steps=total, pct_start=0.1)
