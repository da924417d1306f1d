"""What recourse may change of the further data sets, and why."""

from __future__ import annotations

from carla_genre.datasets.further import FURTHER, about
from carla_genre.harness.markdown import markdown_table


def markdown() -> str:
    """A row for each data set, role and reason."""
    rows = []
    for name in FURTHER:
        entry = about(name)
        for kind in ("immutable", "increase", "decrease"):
            for reason, names in entry.get(kind, {}).items():
                rows.append((f"`{name}`", kind, ", ".join(f"`{one}`" for one in names), reason))
    return markdown_table(("data set", "role", "features", "because"), rows)
