"""The import hook: finds CARLA's modules as Python would, and repairs each one before and after its code runs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.errors import MissingDependencyError

INSTALL_COMMAND = "pip install --no-deps carla-recourse==0.0.5"


class CarlaNotInstalledError(MissingDependencyError, ModuleNotFoundError):
    """carla-recourse is needed and absent."""


class RepairingLoader:
    """Wraps the loader that Python found for a module; whatever is asked of it goes to that one."""

    def __init__(self, underlying: Any) -> None:
        self._underlying = underlying

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create = getattr(self._underlying, "create_module", None)
        return create(spec) if create is not None else None

    def exec_module(self, module: ModuleType) -> None:
        registry.apply(module, "before")
        self._underlying.exec_module(module)
        registry.apply(module, "after")

    def __getattr__(self, name: str) -> Any:
        if name == "_underlying":  # asked for by copy and pickle before it is set
            raise AttributeError(name)
        return getattr(self._underlying, name)


class CarlaFinder:
    """A meta-path finder for the packages in `registry.REPAIRABLE_PACKAGES` and nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root = fullname.partition(".")[0]
        if root not in registry.REPAIRABLE_PACKAGES:
            return None
        spec = self._real_spec(fullname, path, target)
        if fullname == "carla" and (spec is None or not self._is_recourse_library(spec)):
            if spec is None and _called_by_import_statement():
                raise CarlaNotInstalledError(
                    f"CARLA is not installed. Install it with: {INSTALL_COMMAND}", name="carla"
                )
            return spec
        if root == "carla" and not _is_repaired(sys.modules.get("carla"), fullname):
            return None
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return spec
        importlib.import_module("carla_genre.carla_compat.repairs")
        spec.loader = RepairingLoader(spec.loader)  # type: ignore[assignment]
        return spec

    def _real_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                return spec
        return None

    def _is_recourse_library(self, spec: ModuleSpec) -> bool:
        """The driving simulator CARLA has a package of the same name; that one is left alone."""
        places = list(spec.submodule_search_locations or [])
        return bool(places) and self._real_spec("carla.recourse_methods", places, None) is not None


def _is_repaired(root: ModuleType | None, fullname: str) -> bool:
    """Whether `carla` itself came through this hook (or is asked for now, or lets its parts be asked for)."""
    if fullname == "carla" or root is None:
        return True
    spec = getattr(root, "__spec__", None)
    return isinstance(getattr(spec, "loader", None), RepairingLoader)


def _called_by_import_statement() -> bool:
    """Tell ``import carla``, which deserves the command to type, from ``importlib.util.find_spec("carla")``.

    Both ask the finders in the same way; only the frame above importlib's ``_find_spec`` differs.
    """
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_name == "_find_spec":
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None and frame.f_code.co_name == "_find_and_load_unlocked"


def install() -> None:
    """Put the hook in place, once, and forget what a failed import of CARLA has left behind."""
    if not any(isinstance(finder, CarlaFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, CarlaFinder())  # type: ignore[arg-type]
    for package in registry.REPAIRABLE_PACKAGES:
        if package not in sys.modules:
            for name in [name for name in sys.modules if name.startswith(package + ".")]:
                del sys.modules[name]
