"""Every error that this package raises on purpose."""

from typing import Any


class CarlaGenreError(Exception):
    """Base of the package's errors."""


class InputError(CarlaGenreError, ValueError):
    """An argument, a file or a frame is unusable; the message names it and the way out."""


class UnreadableRows(InputError):
    """Some rows of a frame cannot be read; ``rows``, bool (B,), says which."""

    def __init__(self, message: str, rows: Any = None) -> None:
        super().__init__(message)
        self.rows = rows


class CheckpointError(CarlaGenreError, ValueError):
    """A checkpoint cannot be read, or belongs to another schema or classifier."""


class TrainingError(CarlaGenreError, ArithmeticError):
    """A training has diverged; the message says at which step, and the way out."""


class MissingDependencyError(CarlaGenreError, ImportError):
    """An optional package is needed and absent; the message has the command that installs it."""
