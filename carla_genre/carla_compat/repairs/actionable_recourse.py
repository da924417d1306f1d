"""The package `recourse` (1.0.0, of 2020), on which CARLA's ActionableRecourse stands."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from carla_genre.carla_compat.registry import repair


@repair("recourse.flipset")
def flipset_appends_to_a_frame(module: ModuleType) -> bool:
    """`Flipset` calls `DataFrame.append` (gone in pandas 2.0): the same rows are joined with `concat`."""
    pandas = module.pd
    if hasattr(pandas.DataFrame, "append"):
        return False

    def _add_to_df(self: Any, items: list[dict[str, Any]]) -> None:
        if items:
            rows = pandas.DataFrame([self._item_to_df_row(item) for item in items], columns=self._df.columns)
            self._df = rows if self._df.empty else pandas.concat([self._df, rows], ignore_index=True)
            self.sort()

    module.Flipset._add_to_df = _add_to_df
    return True
