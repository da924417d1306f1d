"""Ctrl-C ends a command of this room with one line and status 130 while it still imports what it needs, too."""

import os
import signal
import sys


def leave_during_imports() -> None:
    """Let Ctrl-C end the process; to be called before all else that ``python -m benchmarks.paper.NAME`` imports.

    Nothing is done yet that could be lost. Whoever imports this room otherwise keeps Ctrl-C as it is.
    """
    runs_a_command = sys.argv[:1] == ["-m"]  # so long as Python looks for the module that it is to run
    if runs_a_command and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def raise_from_now_on() -> None:
    """The imports are done: Ctrl-C raises KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: object) -> None:
    os.write(2, b"\nbenchmarks.paper: interrupted\n")
    os._exit(130)
