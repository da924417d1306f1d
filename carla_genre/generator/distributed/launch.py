"""The processes that train together on one machine, started by torch's elastic launcher, as torchrun starts them."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import sys
import threading
import time
from pathlib import Path
from signal import SIGTERM

import torch
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.elastic.rendezvous import RendezvousParameters, rendezvous_handler_registry
from torch.distributed.elastic.rendezvous.static_tcp_rendezvous import StaticTCPRendezvous
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from carla_genre.children import python_command
from carla_genre.errors import CarlaGenreError
from carla_genre.generator.distributed.fabric_world import FabricWorld, make_fabric, portable
from carla_genre.generator.distributed.training_job import TrainingJob, train_together
from carla_genre.generator.distributed.world import signal_handlers_restored
from carla_genre.generator.training_state import History

TRAINED, ERROR = "trained.pt", "error-{}.pickle"
POLL_S = 0.1
RENDEZVOUS, TIMEOUT_S = "carla-genre-loopback", 600
# By name, since the machine's own name may lead nowhere.
LOOPBACK = {"linux": "lo", "darwin": "lo0"}


class LoopbackRendezvous(StaticTCPRendezvous):
    """Where the workers of this machine meet: a store on the loopback, where torch's own is on all interfaces."""

    def __init__(self, run_id: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            host, port = server.getsockname()
            super().__init__(host, port, 0, 1, run_id, TIMEOUT_S)
            self._store = torch.distributed.TCPStore(
                host,
                port,
                is_master=True,
                wait_for_workers=False,
                master_listen_fd=server.detach(),
                use_libuv=False,
            )

    def get_backend(self) -> str:
        """The name that it is registered by."""
        return RENDEZVOUS


def _meet(parameters: RendezvousParameters) -> LoopbackRendezvous:
    return LoopbackRendezvous(parameters.run_id)


rendezvous_handler_registry.register(RENDEZVOUS, _meet)


def run_workers(folder: Path, n: int) -> tuple[dict[str, torch.Tensor], History]:
    """Run the folder's job in n processes; give the trained generator's state and the history.

    The error of the first worker to fail is raised, and the others are ended; KeyboardInterrupt after they have saved.
    """
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=n,
        run_id=folder.name,
        rdzv_backend=RENDEZVOUS,
        local_addr="127.0.0.1",
        max_restarts=0,
        monitor_interval=POLL_S,
        logs_specs=DefaultLogsSpecs(log_dir=str(folder)),
    )
    try:
        with signal_handlers_restored():
            # A worker is an interpreter, not a copy of the caller: neither a classifier that cannot be pickled nor a
            # script without ``if __name__ == "__main__"`` is in its way.
            python, *command = python_command(f"{__name__}:work", str(folder), str(os.getpid()))
            elastic_launch(config, python)(*command)
    except SignalException:
        raise KeyboardInterrupt from None
    except ChildFailedError as error:
        raise _cause(error.failures, folder) from None
    return torch.load(folder / TRAINED, weights_only=False)  # type: ignore[no-any-return]


def _cause(failures: dict[int, ProcessFailure], folder: Path) -> BaseException:
    """Why workers failed: the one that was killed, else the first error; the others' are its consequences."""
    first = min(failure.timestamp for failure in failures.values())
    for rank, failure in failures.items():
        # The launcher itself ends those that are left, by SIGTERM and half a minute later by SIGKILL.
        if failure.exitcode < 0 and failure.exitcode != -SIGTERM and failure.timestamp < first + 10:
            name = failure.signal_name()
            hint = " (out of memory?)" if name == "SIGKILL" else ""
            return CarlaGenreError(f"the training process number {rank} was ended by {name}{hint}")
    errors: list[tuple[float, BaseException]] = [
        pickle.loads(path.read_bytes()) for path in folder.glob(ERROR.format("*"))
    ]
    if not errors:
        return CarlaGenreError("a training process ended before it began to train: see its message above")
    return min(errors, key=lambda error: error[0])[1]


def work(path: str, parent: str) -> None:
    """Be one of the processes: train, and leave the result, or the error, in the folder."""
    folder = Path(path)
    threading.Thread(target=_end_with_parent, args=[int(parent)], daemon=True).start()
    if sys.platform in LOOPBACK:
        os.environ["GLOO_SOCKET_IFNAME"] = LOOPBACK[sys.platform]
    try:
        job = TrainingJob.read(folder)
        torch.set_num_threads(job.threads)
        logging.basicConfig(level=job.log_level, format="%(message)s")
        fabric = make_fabric(job.config, torch.device(job.device))
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
        world = FabricWorld(fabric)
        generator, history = train_together(folder, world)
        if world.rank == 0:
            torch.save((generator.state_dict(), history), folder / TRAINED)
    except BaseException as error:
        content = pickle.dumps((time.time(), portable(error)))
        (folder / ERROR.format(os.environ["RANK"])).write_bytes(content)
        sys.exit(1)


def _end_with_parent(parent: int) -> None:
    """End this process once the one that started it is gone, even if it was killed."""
    while os.getppid() == parent:
        time.sleep(POLL_S)
    os._exit(1)
