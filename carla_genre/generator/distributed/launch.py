"""Start the processes that train together on one machine, wait for them, and leave none behind."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from carla_genre.errors import CarlaGenreError

POLL_S = 0.05
SAVE_S = 60.0  # for a worker that was asked to stop: the step that it is in, and the checkpoint
LOOPBACK = {"linux": "lo", "darwin": "lo0"}


def run_workers(folder: Path, n: int) -> None:
    """Run :mod:`carla_genre.generator.distributed.worker` n times on a folder, each with a rank.

    They are processes of the interpreter, not copies of the caller: neither a classifier that cannot be pickled
    nor a script without ``if __name__ == "__main__"`` is in their way.

    Raises
    ------
    Exception
        What the first worker to fail has raised; the others are ended.
    KeyboardInterrupt
        After the workers have saved their state.
    """
    # The store that they meet at is kept here: no port is looked for and lost to another before they listen.
    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    workers = [_start(folder, rank, n, store.port) for rank in range(n)]
    try:
        _wait(workers, folder)
    except KeyboardInterrupt:
        for worker in workers:
            worker.send_signal(signal.SIGINT)
        end = time.monotonic() + SAVE_S
        while any(worker.poll() is None for worker in workers) and time.monotonic() < end:
            time.sleep(POLL_S)
        raise
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            assert worker.stdin is not None
            worker.stdin.close()


def _start(folder: Path, rank: int, n: int, port: int) -> subprocess.Popen[bytes]:
    meeting = {
        # As torchrun sets them, so that Fabric joins whatever other cluster this machine is part of.
        "TORCHELASTIC_RUN_ID": folder.name,
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "GROUP_RANK": "0",
        "WORLD_SIZE": str(n),
        "LOCAL_WORLD_SIZE": str(n),
    }
    if sys.platform in LOOPBACK:  # the machine's own name may lead nowhere
        meeting["GLOO_SOCKET_IFNAME"] = LOOPBACK[sys.platform]
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    # A session of its own: Ctrl-C is heard here and passed on once.
    return subprocess.Popen(
        [sys.executable, "-m", "carla_genre.generator.distributed.worker", str(folder)],
        stdin=subprocess.PIPE,
        env={**os.environ, **meeting, "PYTHONPATH": path},
        start_new_session=os.name == "posix",
    )


def _wait(workers: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    while True:
        ends = [worker.poll() for worker in workers]
        if any(ends):
            raise _cause(ends, folder)
        if all(end == 0 for end in ends):
            return
        time.sleep(POLL_S)


def _cause(ends: Sequence[int | None], folder: Path) -> BaseException:
    """Why workers have failed: the one that was killed, else the first error; the others' are its consequences."""
    for rank, end in enumerate(ends):
        if end is not None and end < 0:
            name = signal.Signals(-end).name
            hint = " (out of memory?)" if name == "SIGKILL" else ""
            return CarlaGenreError(
                f"of {len(ends)} training processes, number {rank} was ended by {name}{hint}"
            )
    errors = [pickle.loads(path.read_bytes()) for path in folder.glob("error-*.pickle")]
    if not errors:
        return CarlaGenreError(
            f"a training process has ended with status {max(end or 0 for end in ends)} before it began: see above"
        )
    return min(errors, key=lambda error: error[0])[1]
