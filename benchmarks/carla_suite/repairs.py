"""The table of what is repaired in CARLA, for docs/carla_compat.md."""

from __future__ import annotations

from importlib import import_module

from carla_genre.carla_compat import registry
from carla_genre.harness.markdown import markdown_table


def markdown() -> str:
    """Each repair's name, what breaks and what is done, and where."""
    import_module("carla_genre.carla_compat.repairs")
    rows = [
        (f"`{entry.name}`", entry.summary, ", ".join(f"`{name}`" for name in entry.modules))
        for entry in registry.repairs()
    ]
    return markdown_table(("repair", "what breaks, and what is done", "where"), rows)
