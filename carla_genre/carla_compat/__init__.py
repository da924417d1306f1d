"""CARLA's installed code, untouched on disk, working on a current Python.

`install` puts an import hook in place; each module of CARLA is then repaired in memory when it is imported. What was
repaired: `report`. How it works and the list of repairs: docs/carla_compat.md.
"""

from carla_genre.carla_compat import loader, tensorflow_order
from carla_genre.carla_compat.report import Report, report

__all__ = ["Report", "install", "report"]


def install() -> None:
    """Put the import hooks in place, once, and forget what a failed import of CARLA has left behind."""
    tensorflow_order.install()
    loader.install()
