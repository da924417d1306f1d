"""One process: its end waited for, its time limited, and nothing of it left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from carla_genre.errors import CarlaGenreError

POLL_S = 0.1
_POSIX = os.name == "posix"


class Stopped(CarlaGenreError):
    """The run was interrupted while a process was waited for."""


def run_process(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    time_limit: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> str:
    """Run a command to its end, and say in words how it ended; what it prints goes into the file ``log``.

    After ``time_limit`` seconds it is killed, with all that it has started. ``stopped`` is asked all the time; once it
    is true the process is killed likewise, and Stopped raised.
    """
    with log.open("wb") as output:
        # A session of its own: Ctrl-C is heard by the run alone, and what the process starts is killed with it.
        # Nothing is ever written into the pipe: its end tells the process that the run is gone.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=_POSIX,
        )
        try:
            return _wait(process, time_limit, stopped)
        finally:
            _kill(process)


def end_with_parent() -> None:
    """In the process: do not outlive the run, even if that was killed."""

    def watch() -> None:
        os.read(0, 1)  # not sys.stdin, which the interpreter waits for when it ends
        if _POSIX and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _wait(process: subprocess.Popen[bytes], time_limit: float | None, stopped: Callable[[], bool]) -> str:
    start = time.monotonic()
    while True:
        try:
            return _end(process.wait(POLL_S))
        except subprocess.TimeoutExpired:
            if stopped():
                raise Stopped("the run was stopped") from None
            if time_limit is not None and time.monotonic() - start > time_limit:
                return f"stopped after the time limit of {time_limit:g} s"


def _end(status: int) -> str:
    if status >= 0:
        return f"the process ended with status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
    return f"the process was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it has started."""
    try:
        if _POSIX:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):  # it has ended
        pass
    process.wait()
    assert process.stdin is not None
    process.stdin.close()
