"""Structural causal models: causalgraphicalmodels and ``carla.data.causal_model``."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable
from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import ImportRequest, OverlayModule
from carla_genre.carla_compat.registry import repair, repair_imports


@repair_imports("collections", "causalgraphicalmodels.*")
def collections_lacks_abstract_classes(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`from collections import Iterable` fails (Python 3.10): causalgraphicalmodels alone finds it there."""
    found = proceed()
    names = {
        name: getattr(collections.abc, name)
        for name in request.fromlist
        if not hasattr(found, name) and hasattr(collections.abc, name)
    }
    if request.name != "collections" or not names:
        return found
    registry.record("collections_lacks_abstract_classes", request.module.__name__)
    return OverlayModule(found, names)


@repair_imports("causalgraphicalmodels", "carla.data.causal_model.causal_model")
def causalgraphicalmodels_is_absent(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """Causal models need causalgraphicalmodels (last release of 2019) for a graph: absent, networkx carries it."""
    try:
        return proceed()
    except ImportError:
        from carla_genre.carla_compat import causal_graphs

        registry.record("causalgraphicalmodels_is_absent", request.module.__name__)
        return causal_graphs


@repair("carla.data.causal_model.synthethic_data")
def frame_columns_are_a_set(module: ModuleType) -> bool:
    """`pd.DataFrame(columns={...})` raises (pandas 2.0): a set of names given there becomes a list."""
    pandas = module.pd

    def frame(*args: Any, columns: Any = None, **options: Any) -> Any:
        if isinstance(columns, set | frozenset):
            columns = sorted(columns)
        return pandas.DataFrame(*args, columns=columns, **options)

    module.pd = OverlayModule(pandas, {"DataFrame": frame})  # type: ignore[attr-defined]
    return True
