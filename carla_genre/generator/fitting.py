"""Fit a generator: in this process, in several started here, or as one of those that a cluster has started."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from carla_genre.errors import InputError
from carla_genre.generator.config import Training
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.trainer import Trainer
from carla_genre.generator.training_state import History
from carla_genre.io import scratch_folder, scratch_path

if TYPE_CHECKING:
    from carla_genre.generator.distributed.fabric_world import FabricWorld


def fit(
    untrained: Callable[[], tuple[Generator, Pairs]],
    config: Training,
    device: torch.device,
    seed: int,
    verbose: bool = True,
    name: str = "GenRe",
) -> tuple[Generator, History]:
    """Train the generator of ``untrained``, on as many devices and machines as ``config`` says.

    ``untrained`` gives the generator, on ``device``, and its pairs. It is called once, by the first process: all train
    on the pairs that this one found, whatever h would have answered elsewhere. With several devices only the kind of
    ``device`` counts. Every process of a cluster is given the trained generator, on its own device. The other arguments
    are those of :class:`~carla_genre.generator.trainer.Trainer`.

    Raises
    ------
    MissingDependencyError
        Several devices without Lightning Fabric.
    InputError
        Devices or machines that are not there.
    """
    if config.devices * config.nodes == 1:
        try:
            generator, pairs = untrained()
            return generator, Trainer(generator, pairs, config, seed, verbose, name).fit()
        except (MemoryError, RuntimeError) as error:
            # torch has no error of its own for the processor's memory
            if not isinstance(error, MemoryError) and "alloc" not in str(error).lower():
                raise
            raise InputError(
                f"too little memory for this training ({error}): give a smaller architecture, batch_size, n_bins or "
                "pairing.k"
            ) from error
    from carla_genre.generator.distributed.fabric_world import FabricWorld, make_fabric, starts_elsewhere
    from carla_genre.generator.distributed.launch import run_workers
    from carla_genre.generator.distributed.training_job import TrainingJob

    fabric = make_fabric(config, device)
    in_cluster = starts_elsewhere(fabric)
    if config.nodes > 1 and not in_cluster:
        raise InputError(
            f"training.nodes = {config.nodes}: the processes of several machines are started from outside, on each "
            f"with: torchrun --nnodes {config.nodes} --nproc-per-node {config.devices} --rdzv-backend c10d "
            "--rdzv-endpoint FIRST_MACHINE:29500 SCRIPT.py, or by srun"
        )

    def write_job(folder: Path) -> Generator:
        generator, pairs = untrained()
        threads = max(1, torch.get_num_threads() // config.devices)
        level = logging.getLogger("carla_genre").getEffectiveLevel()
        TrainingJob(generator, pairs, config, seed, verbose, name, device.type, threads, level).write(folder)
        return generator

    if not in_cluster:
        with scratch_folder() as folder:
            generator = write_job(folder)
            weights, history = run_workers(folder, config.devices)
        generator.load_state_dict(weights)
        return generator, history

    return _fit_in_cluster(FabricWorld(fabric), write_job)


def _fit_in_cluster(world: FabricWorld, write_job: Callable[[Path], Generator]) -> tuple[Generator, History]:
    """Be one of the processes that torchrun or SLURM has started, all of them in the caller's script."""
    from carla_genre.generator.distributed.training_job import train_together

    with contextlib.ExitStack() as folders:

        def new_folder() -> str:
            folder = folders.enter_context(scratch_folder(uuid.uuid4().hex))
            write_job(folder)
            return folder.name.rpartition("-")[2]

        name = world.broadcast(new_folder)
        folder = scratch_path(name)
        writes = world.node > 0 and world.local_rank == 0 and not folder.exists()
        if writes:
            folders.enter_context(scratch_folder(name))
        world.copy_folder(folder, writes)
        return train_together(folder, world)
