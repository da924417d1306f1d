"""The processes that train one generator together, as the trainer sees them: here, one alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from torch import Tensor

Made = TypeVar("Made")


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

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor, in place, by its sum over the processes."""

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensor of every process, by rank."""
        return [tensor]

    def from_first(self, make: Callable[[], Made]) -> Made:
        """What ``make`` gives in the first process, which alone calls it; its error is raised in all."""
        return make()

    def check(self) -> None:
        """Raise KeyboardInterrupt in all processes if one of them was asked to stop before the last sum."""
