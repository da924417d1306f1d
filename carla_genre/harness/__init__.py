"""Measure any methods on the same factuals: a grid of cells, each a record of its own."""

from importlib import import_module
from typing import Any

# Public name -> module, resolved on first use: a process that only waits for another one needs no torch.
_PUBLIC = {
    "Cell": "carla_genre.harness.cell",
    "Paths": "carla_genre.harness.cell",
    "read_grid": "carla_genre.harness.grid",
    "read_rows": "carla_genre.harness.rows",
    "run_grid": "carla_genre.harness.run",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'carla_genre.harness' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
