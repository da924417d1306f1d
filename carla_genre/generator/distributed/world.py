"""The processes that train one generator together, as the trainer sees them: here, one alone."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from torch import Tensor

T = TypeVar("T")

# Signals that end a process, which torch's launcher takes handlers for.
ENDS = {"SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"}


class World:
    """One process that trains alone; several are a :class:`carla_genre.generator.distributed.fabric_world.FabricWorld`.

    All processes call each of these methods, and the same ones in the same order.

    Attributes
    ----------
    rank, size : int
        Which process of how many this is.
    """

    rank = 0
    size = 1
    STOPS: tuple[signal.Signals, ...] = (signal.SIGINT,)  # what stops a training after the step
    _interrupted = False

    def share(self, n: int) -> slice:
        """Which of n rows are this process's: consecutive ones, as many as another's or one more or less."""
        return slice(self.rank * n // self.size, (self.rank + 1) * n // self.size)

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor, in place, by its sum over the processes."""

    def all_gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensor of every process, by rank."""
        return [tensor]

    def broadcast(self, make: Callable[[], T]) -> T:
        """The result of ``make`` in the first process, which alone calls it; its error is raised in all."""
        return make()

    def is_interrupted(self) -> bool:
        """Whether one of the processes was interrupted before the last sum: all have done the same steps then."""
        return self._interrupted

    @contextlib.contextmanager
    def interrupts_noted(self) -> Iterator[None]:
        """Inside, Ctrl-C is noted, not raised; a second one is raised at once, where the process is alone.

        Of several processes each may be told by the terminal and by torch's launcher.
        """

        def note(*_: object) -> None:
            if self._interrupted and self.size == 1:
                raise KeyboardInterrupt
            self._interrupted = True

        with signal_handlers_restored() as can_handle:
            for number in self.STOPS if can_handle else ():
                signal.signal(number, note)
            yield


@contextlib.contextmanager
def signal_handlers_restored() -> Iterator[bool]:
    """Restore what ends a process at the end; gives whether this thread may set handlers, as only the main one may."""
    can_handle = threading.current_thread() is threading.main_thread()
    numbers = [number for number in signal.Signals if number.name in ENDS] if can_handle else []
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield can_handle
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
