"""Fit a generator: alone, with processes started here, or as one of those that a cluster has started."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from carla_genre.errors import InputError
from carla_genre.generator.config import Training
from carla_genre.generator.distributed.training_job import (
    TrainingSettings,
    read_pairs,
    read_settings,
    read_trained,
    write_job,
)
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.trainer import Trainer
from carla_genre.generator.training_state import History

if TYPE_CHECKING:
    from carla_genre.generator.distributed.fabric_world import FabricWorld

Untrained = Callable[[], tuple[Generator, Pairs]]


def fit(
    untrained: Untrained,
    config: Training,
    device: torch.device,
    seed: int,
    verbose: bool = True,
    name: str = "GenRe",
) -> tuple[Generator, History]:
    """Train what ``untrained`` gives, on as many devices and machines as ``config`` says.

    Parameters
    ----------
    untrained : callable
        Gives the generator, on ``device``, and its pairs. It is called once, by the first process: what the
        others train on is what that one found, whatever h would have answered elsewhere.
    config : Training
    device : torch.device
        With several devices only its kind counts.
    seed, verbose, name
        As :class:`~carla_genre.generator.trainer.Trainer` takes them.

    Returns
    -------
    generator : Generator
        Trained; every process of a cluster has it, on its own device.
    history : History

    Raises
    ------
    MissingDependencyError
        Several devices without Lightning Fabric.
    InputError
        Devices or machines that are not there.
    """
    if config.devices * config.nodes == 1:
        generator, pairs = untrained()
        return generator, Trainer(generator, pairs, config, seed, verbose, name).fit()
    from carla_genre.generator.distributed.fabric_world import FabricWorld, make_fabric, starts_elsewhere

    threads = max(1, torch.get_num_threads() // config.devices)
    level = logging.getLogger("carla_genre").getEffectiveLevel()
    settings = TrainingSettings(seed, verbose, name, device.type, threads, level)
    fabric = make_fabric(config, device)
    if starts_elsewhere(fabric):
        return _fit_in_cluster(FabricWorld(fabric), untrained, settings)
    if config.nodes > 1:
        raise InputError(
            f"training.nodes = {config.nodes}: the processes of several machines are started from outside, on each "
            f"with: torchrun --nnodes {config.nodes} --nproc-per-node {config.devices} --rdzv-backend c10d "
            "--rdzv-endpoint FIRST_MACHINE:29500 SCRIPT.py, or by srun"
        )
    return _fit_with_workers(untrained, settings, config.devices)


def _fit_with_workers(untrained: Untrained, settings: TrainingSettings, n: int) -> tuple[Generator, History]:
    """Start n processes on this machine, which need neither h nor the caller's script."""
    from carla_genre.generator.distributed.launch import run_workers

    with tempfile.TemporaryDirectory(prefix="carla-genre-") as name:
        folder = Path(name)
        generator, pairs = untrained()
        write_job(folder, generator, pairs, settings)
        del pairs  # the workers share one copy
        run_workers(folder, n)
        weights, history = read_trained(folder)
    generator.load_state_dict(weights)
    return generator, history


def _fit_in_cluster(
    world: FabricWorld, untrained: Untrained, settings: TrainingSettings
) -> tuple[Generator, History]:
    """Be one of the processes that torchrun or SLURM has started, all of them in the caller's script."""

    def write() -> str:
        generator, pairs = untrained()
        folder = Path(tempfile.mkdtemp(prefix="carla-genre-"))
        try:
            write_job(folder, generator, pairs, settings)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder.name

    folder = Path(tempfile.gettempdir(), world.from_first(write))
    try:
        world.bring(folder)
        return fit_shared(folder, world)
    finally:
        if world.local_rank == 0:
            shutil.rmtree(folder, ignore_errors=True)


def fit_shared(folder: Path, world: FabricWorld) -> tuple[Generator, History]:
    """Train what a folder holds together with the world's other processes.

    Raises
    ------
    KeyboardInterrupt
        In all processes, after the first one has saved the state, if one of them was asked to stop.
    """
    generator, settings = read_settings(folder)
    generator = generator.to(world.device)
    pairs = read_pairs(folder, world.device)
    torch.manual_seed(settings.seed + world.rank)  # dropout: each process its own
    verbose = settings.verbose and world.rank == 0
    trainer = Trainer(
        generator, pairs, generator.config.training, settings.seed, verbose, settings.name, world
    )
    with world.listening():
        return generator, trainer.fit()
