"""The processes that train one generator together, as the trainer sees them: here, one alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from torch import Tensor

T = TypeVar("T")


class World:
    """One process that trains alone; several are a :class:`carla_genre.generator.distributed.fabric_world.FabricWorld`.

    All processes call each of these methods, and the same ones in the same order.

    Attributes
    ----------
    rank, size : int
        Which process of how many this is.
    in_step : bool
        Whether all processes have done the same steps, so that what they have is a state to go on from.
    """

    rank = 0
    size = 1
    in_step = True

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

    def check(self) -> None:
        """Raise KeyboardInterrupt in all processes if one of them was interrupted before the last sum."""
