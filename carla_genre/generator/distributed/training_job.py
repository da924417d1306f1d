"""A training as a folder of files, for processes that have neither the data nor h.

The pairs are mapped into memory, not read, so that the processes of a machine share one copy of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from carla_genre.generator.config import Training
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.trainer import Trainer
from carla_genre.generator.training_state import History

if TYPE_CHECKING:
    from carla_genre.generator.distributed.fabric_world import FabricWorld

JOB = "job.pt"


@dataclass(frozen=True)
class TrainingJob:
    """What a process needs to train: what a Trainer takes, the kind of device, its threads and log level."""

    generator: Generator
    pairs: Pairs
    config: Training
    seed: int
    verbose: bool
    name: str
    device: str
    threads: int
    log_level: int

    def write(self, folder: Path) -> None:
        """Write the job into an empty folder."""
        arrays = {name: getattr(self.pairs, name) for name in ("sources", "targets")}
        tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
        without: dict[str, Any] = dict.fromkeys(arrays)
        pairs = replace(self.pairs, **without)  # a tensor is mapped, an array would be read
        torch.save((replace(self, pairs=pairs), tensors), folder / JOB)

    @classmethod
    def read(cls, folder: Path, device: torch.device | str = "cpu") -> TrainingJob:
        """Read a job, its tensors on ``device``; on a CPU they stay in the file."""
        # Not weights only: the folder was written by this training.
        job: TrainingJob
        job, tensors = torch.load(folder / JOB, map_location=device, mmap=True, weights_only=False)
        arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
        return replace(job, pairs=replace(job.pairs, **arrays))


def train_together(folder: Path, world: FabricWorld) -> tuple[Generator, History]:
    """Train the job of a folder together with the world's other processes.

    Raises
    ------
    KeyboardInterrupt
        In all processes, after the first one has saved the state, if one of them was interrupted.
    """
    job = TrainingJob.read(folder, world.device)
    generator = job.generator.to(world.device)
    torch.manual_seed(job.seed + world.rank)  # dropout: each process its own
    verbose = job.verbose and world.rank == 0
    trainer = Trainer(generator, job.pairs, job.config, job.seed, verbose, job.name, world)
    return generator, trainer.fit()
