"""Measure any methods on the same people: a grid of cells, each a record of its own."""

from carla_genre.harness.cell import Cell
from carla_genre.harness.grid import read_grid
from carla_genre.harness.run import run_grid

__all__ = ["Cell", "read_grid", "run_grid"]
