"""The repairs, one file a topic. Importing this registers them all.

The files import nothing but the standard library and carla_compat at their top: they are read before CARLA's first
module runs, and what is imported first (torch, triton, tensorflow) matters.
"""

from carla_genre.carla_compat.repairs import imported_packages, numpy_names

__all__ = ["imported_packages", "numpy_names"]
