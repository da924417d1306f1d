"""What each of two processes does that test_distributed starts, as torchrun would on two machines.

python joined_training.py RESULTS: each process has a working folder and a folder for temporary files of its own, so
that only the first one sees the files that it writes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from generator_cases import SUMMARY, TRAINING, make_generator, make_pairs

from carla_genre.errors import InputError
from carla_genre.generator.batches import Batches
from carla_genre.generator.config import Architecture, Training
from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs

# Batches of 67, 67 and 1 of the 135 training rows: no share is like another, and one is empty.
SETTINGS = replace(TRAINING, batch_size=67, patience=0)
FROM_ONE, TO_ONE, DROPOUT = "from_one.pt", "to_one.pt", "dropout.pt"
WITH_DROPOUT = replace(SUMMARY, dropout=0.2)
STOP = 14


def meeting(store: torch.distributed.TCPStore, rank: int, size: int) -> dict[str, str]:
    """The environment of one of ``size`` processes, each on a machine of its own, that torchrun would start."""
    started = {
        "TORCHELASTIC_RUN_ID": "test",
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "WORLD_SIZE": str(size),
        "LOCAL_RANK": "0",
        **dict.fromkeys(["RANK", "GROUP_RANK"], str(rank)),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path),
    }
    if sys.platform == "linux":
        started["GLOO_SOCKET_IFNAME"] = "lo"
    return {**os.environ, **started}


@contextlib.contextmanager
def interrupted(rank: int, at: int) -> Iterator[None]:
    """Ctrl-C in the second process, in the middle of a step."""
    draw, drawn = Batches.next, 0

    def draw_and_interrupt(self: Batches) -> torch.Tensor:
        nonlocal drawn
        drawn += 1
        if rank == 1 and drawn == at:
            signal.raise_signal(signal.SIGINT)
        return draw(self)

    Batches.next = draw_and_interrupt  # type: ignore[method-assign]
    try:
        yield
    finally:
        Batches.next = draw  # type: ignore[method-assign]


def train(training: Training, architecture: Architecture = SUMMARY) -> dict[str, Any]:
    """What a process has after training; ``asked`` is how often it made the generator and its pairs."""
    asked = 0

    def untrained() -> tuple[Generator, Pairs]:
        nonlocal asked
        asked += 1
        return make_generator(architecture, training=training), make_pairs()

    generator, history = fit(untrained, training, torch.device("cpu"), seed=0, verbose=False)
    weights = torch.cat([p.detach().flatten() for p in generator.parameters()])
    return {"history": vars(history), "weights": weights, "asked": asked}


def stop(training: Training, architecture: Architecture = SUMMARY, rank: int = 1) -> bool:
    """Whether training was stopped as Ctrl-C does."""
    with interrupted(rank, STOP):
        try:
            train(training, architecture)
        except KeyboardInterrupt:
            return True
    return False


def without_pairs() -> tuple[Generator, Pairs]:
    raise InputError("D_h- is empty")


def main(results: Path) -> None:
    joined = replace(SETTINGS, devices=1, nodes=2)
    found: dict[str, Any] = {"whole": train(joined)}
    rank = torch.distributed.get_rank()
    found["stopped"] = stop(replace(joined, checkpoint=TO_ONE), rank=rank)
    found["from_one"] = train(replace(joined, checkpoint=FROM_ONE))
    found["dropout"] = train(joined, WITH_DROPOUT)
    found["dropout_stopped"] = stop(replace(joined, checkpoint=DROPOUT), WITH_DROPOUT, rank)
    found["dropout_resumed"] = train(replace(joined, checkpoint=DROPOUT), WITH_DROPOUT)
    try:
        fit(without_pairs, joined, torch.device("cpu"), seed=0)
    except InputError as error:
        found["error"] = str(error)
    torch.save(found, results)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
