"""Packages that CARLA imports whether or not they are used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import ImportRequest, OverlayModule
from carla_genre.carla_compat.registry import repair_imports
from carla_genre.carla_compat.stand_ins import OPTIONAL_PACKAGES, Absence, StandInModule, stand_in_name


def _absent_part(request: ImportRequest, cause: Exception) -> Any:
    """Answer an import that failed: a stand-in for the package, or the package with a stand-in for the part."""
    root = sys.modules.get(request.root)
    if root is None:
        absence = Absence(request.module, request.root, cause)
        return StandInModule(absence, request.name if request.fromlist else request.root)
    absence = Absence(request.module, request.name, cause, way_out=_no_such_part(request.name, root, cause))
    if request.fromlist:
        return StandInModule(absence, request.name)
    part = request.name.split(".")[1]
    return OverlayModule(root, {part: stand_in_name(absence, f"{request.root}.{part}")})


def _no_such_part(name: str, root: ModuleType, cause: Exception | None = None) -> str:
    version = f"{root.__name__} {getattr(root, '__version__', '')}".rstrip()
    reason = "" if cause is None else f" ({type(cause).__name__}: {cause})"
    return f"{name} cannot be had from {version}{reason}"


@repair_imports("*", "carla.*")
def optional_package_is_absent(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """CARLA imports packages that only some methods use: an absent one gets a stand-in that raises on first use."""
    if request.root not in OPTIONAL_PACKAGES:
        return proceed()
    try:
        found = proceed()
    except Exception as cause:  # a package that is broken is as absent as one that is not there
        registry.record("optional_package_is_absent", request.module.__name__)
        return _absent_part(request, cause)
    missing = [name for name in request.fromlist if name != "*" and not hasattr(found, name)]
    if not missing:
        return found
    registry.record("optional_package_is_absent", request.module.__name__)
    way_out = _no_such_part(f"{request.name}.{missing[0]}", found)
    absence = Absence(request.module, request.name, way_out=way_out)
    return OverlayModule(found, {n: stand_in_name(absence, f"{request.name}.{n}") for n in missing})
