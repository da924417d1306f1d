"""CARLA's installed code, untouched on disk, working on a current Python.

`install` puts an import hook in place; each module of CARLA is then repaired in memory when it is imported. What was
repaired: `report`. How it works and the list of repairs: docs/carla_compat.md.
"""

from carla_genre.carla_compat.loader import install
from carla_genre.carla_compat.report import Report, report

__all__ = ["Report", "install", "report"]
