"""A training as a folder of files: what processes that have neither the data nor h need to train a generator.

The pairs are mapped into memory, not read, so that the processes of a machine share one copy of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from carla_genre.generator import checkpoint
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.training_state import History

GENERATOR, PAIRS, TRAINED = "generator.safetensors", "pairs.pt", "trained.safetensors"


@dataclass(frozen=True)
class TrainingSettings:
    """What a training is told besides its generator's configuration.

    Parameters
    ----------
    seed, verbose, name
        As :class:`carla_genre.generator.trainer.Trainer` takes them.
    device : str
        "cpu" or "cuda".
    threads : int
        Processor threads of each process.
    log_level : int
        Of the log lines that are shown.
    """

    seed: int
    verbose: bool
    name: str
    device: str
    threads: int
    log_level: int


def write_job(folder: Path, generator: Generator, pairs: Pairs, settings: TrainingSettings) -> None:
    """Write a training into an empty folder."""
    checkpoint.save(folder / GENERATOR, generator, dataclasses.asdict(settings))
    fields = {field.name: getattr(pairs, field.name) for field in dataclasses.fields(pairs)}
    arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    content = {
        "kind": type(pairs),
        "arrays": {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()},
        "others": {name: value for name, value in fields.items() if name not in arrays},
    }
    torch.save(content, folder / PAIRS)


def read_settings(folder: Path) -> tuple[Generator, TrainingSettings]:
    """The generator on the CPU, and the settings."""
    generator, settings = checkpoint.load(folder / GENERATOR)
    return generator, TrainingSettings(**settings)


def read_pairs(folder: Path, device: torch.device) -> Pairs:
    """The pairs, their tensors on ``device``; on a CPU they stay in the file."""
    # Not weights only: the folder was written by this training.
    saved = torch.load(folder / PAIRS, map_location=device, mmap=True, weights_only=False)
    arrays = {name: tensor.cpu().numpy() for name, tensor in saved["arrays"].items()}
    pairs: Pairs = saved["kind"](**arrays, **saved["others"])
    return pairs


def write_trained(folder: Path, generator: Generator, history: History) -> None:
    """Write the trained weights and the history beside the training."""
    checkpoint.save(folder / TRAINED, generator, dataclasses.asdict(history))


def read_trained(folder: Path) -> tuple[dict[str, torch.Tensor], History]:
    """The trained generator's state and the history."""
    generator, history = checkpoint.load(folder / TRAINED)
    return generator.state_dict(), History(**history)
