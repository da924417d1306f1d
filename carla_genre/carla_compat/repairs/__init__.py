"""The repairs, one file a topic. Importing this package registers them all, file by file in alphabetical order.

The files import nothing but the standard library and carla_compat at their top: they are read before CARLA's first
module runs, and what is imported first (torch, triton, tensorflow) matters.
"""

from importlib import import_module
from pkgutil import iter_modules

for _topic in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_topic}")
