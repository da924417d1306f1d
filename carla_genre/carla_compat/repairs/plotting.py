"""``carla.plotting``."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from carla_genre.carla_compat.registry import repair


@repair("carla.plotting.barplot")
def bars_are_coloured_by_gone_names(module: ModuleType) -> bool:
    """`barplot` needs `cm.get_cmap` (gone in matplotlib 3.11) and `diff[0]` (a label in pandas 3): drawn without."""

    def barplot(diff: Any, ax: Any) -> None:
        """Draw one bar a feature: what is lowered in blue, what is raised in red."""
        from matplotlib import colormaps

        lowered, raised = colormaps["coolwarm"]([0.0, 1.0])
        ax.barh(list(diff.index), diff, color=[lowered if change < 0 else raised for change in diff])
        ax.invert_yaxis()
        ax.set_xlabel("change")
        ax.set_ylabel("feature")

    module.barplot = barplot  # type: ignore[attr-defined]
    return True
