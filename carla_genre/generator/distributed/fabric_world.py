"""Several processes, on devices of one machine or of several, joined by Lightning Fabric."""

from __future__ import annotations

import atexit
import contextlib
import pickle
import signal
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from carla_genre.errors import InputError
from carla_genre.generator.config import Training
from carla_genre.generator.distributed.world import T, World
from carla_genre.loading import load_extra

# On a GPU, reading whether a process was interrupted waits for all queued work: not done after each sum.
SUMS_PER_CHECK = {"cpu": 1, "cuda": 16}
# Bytes that are sent to other machines at a time.
CHUNK = 1 << 26
# The others wait for the first process, which calls h and finds the pairs.
TIMEOUT = timedelta(hours=6)


class FabricWorld(World):
    """The processes of ``training.devices`` on each of ``training.nodes``; gloo on processors, NCCL on GPUs.

    The gradient is summed by one message a step, not by DistributedDataParallel: the network has a bucket's
    worth of weights, so that there is nothing to overlap; the loss and an interrupt travel with it; and a
    process whose share of a short batch is empty needs no special case.

    ``fabric`` is not launched yet; it joins the processes that the environment names. InputError where these are more
    or fewer than it was made for.
    """

    STOPS = (signal.SIGINT, signal.SIGTERM)  # a cluster ends a job by the second

    def __init__(self, fabric: Any) -> None:
        try:
            fabric.launch()
        except ValueError as error:
            raise InputError(
                f"training.devices times training.nodes must be the number of processes that were started: {error}"
            ) from error
        atexit.register(_leave_group)
        self.fabric = fabric
        self.rank, self.size = fabric.global_rank, fabric.world_size
        self.local_rank, self.node = fabric.local_rank, fabric.node_rank
        self.device: torch.device = fabric.device
        self._interrupted_together = False
        self._sums = 0

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor, in place, by its sum over the processes; all travel as one."""
        interrupted = torch.full((1,), float(self._interrupted), device=self.device)
        message = torch.cat([*(tensor.flatten() for tensor in tensors), interrupted])
        total = self.fabric.all_reduce(message, reduce_op="sum")
        for tensor, part in zip(tensors, total.split([t.numel() for t in tensors] + [1]), strict=False):
            tensor.copy_(part.view_as(tensor))
        self._sums += 1
        if self._sums % SUMS_PER_CHECK[self.device.type] == 0:
            self._interrupted_together = bool(total[-1] > 0)

    def is_interrupted(self) -> bool:
        """Whether the last sum told all that one of them was interrupted."""
        return self._interrupted_together

    def all_gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensor of every process, by rank."""
        gathered: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(gathered, tensor)
        return gathered

    def broadcast(self, make: Callable[[], T]) -> T:
        """The result of ``make`` in the first process, which alone calls it; its error is raised in all."""
        made: T | None = None
        error: BaseException | None = None
        if self.rank == 0:
            try:
                made = make()
            except Exception as raised:  # the others wait: whatever it is, they have to hear of it
                error = portable(raised)
        made, error = self.fabric.broadcast((made, error))
        if error is not None:
            raise error
        return made

    def copy_folder(self, folder: Path, writes: bool) -> None:
        """Copy the files of the first process's folder into those of the processes that write."""
        names = self.broadcast(lambda: sorted(path.name for path in folder.iterdir()))
        for name in names:
            with contextlib.ExitStack() as files:
                source = files.enter_context(open(folder / name, "rb")) if self.rank == 0 else None
                target = files.enter_context(open(folder / name, "wb")) if writes else None
                while chunk := self.fabric.broadcast(source.read(CHUNK) if source else b""):
                    if target:
                        target.write(chunk)
        self.fabric.barrier()


def _leave_group() -> None:
    """End the threads of gloo while Python runs: one that asks for Python later aborts the process (SIGABRT)."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def make_fabric(config: Training, device: torch.device) -> Any:
    """Fabric for ``config.devices`` of the device's kind on each of ``config.nodes``.

    MissingDependencyError where Fabric is not installed, InputError where there are not so many devices.
    """
    modules = "lightning_fabric", "lightning_fabric.strategies"
    fabric = load_extra("distributed", "training on several devices", *modules)
    try:
        return fabric.Fabric(
            accelerator=device.type,
            devices=config.devices,
            num_nodes=config.nodes,
            strategy=fabric.strategies.DDPStrategy(timeout=TIMEOUT),
        )
    except Exception as error:  # Fabric's own kinds, and torch's
        raise InputError(
            f"training.devices = {config.devices} and training.nodes = {config.nodes} cannot be had here "
            f"on {device.type!r}: {error}"
        ) from error


def starts_elsewhere(fabric: Any) -> bool:
    """Whether torchrun, SLURM or the like has started this process as one of several."""
    return bool(fabric.strategy.cluster_environment.creates_processes_externally)


def portable(error: BaseException) -> BaseException:
    """The error, or its words where another process could not be given it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
