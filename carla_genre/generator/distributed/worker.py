"""One of several processes that train together on one machine.

python -m carla_genre.generator.distributed.worker FOLDER
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import threading
import time
from pathlib import Path

import torch

from carla_genre.generator.distributed.fabric_world import FabricWorld, make_fabric, portable
from carla_genre.generator.distributed.training_job import read_settings, write_trained
from carla_genre.generator.fitting import fit_shared
from carla_genre.io import whole_file

ERROR = "error-{}.pickle"


def end_with_parent() -> None:
    """Do not outlive the process that started this one: its end closes the pipe that this one never hears from."""

    def watch() -> None:
        os.read(0, 1)  # not sys.stdin, which the interpreter waits for when it ends
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def write_error(path: Path, error: BaseException) -> None:
    """Leave the error for the parent, with the time: the first of several is the cause."""
    content = pickle.dumps((time.time(), portable(error)))
    with whole_file(path) as part:
        part.write_bytes(content)


def main(folder: Path) -> int:
    """Train, and leave what was learned, or the error, in the folder."""
    end_with_parent()
    try:
        generator, settings = read_settings(folder)
        torch.set_num_threads(settings.threads)
        logging.basicConfig(level=settings.log_level, format="%(message)s")
        fabric = make_fabric(generator.config.training, torch.device(settings.device))
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
        world = FabricWorld(fabric)
        trained, history = fit_shared(folder, world)
        if world.rank == 0:
            write_trained(folder, trained, history)
    except BaseException as error:
        write_error(folder / ERROR.format(os.environ["RANK"]), error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
