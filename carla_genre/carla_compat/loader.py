"""The import hook: finds CARLA's modules as Python would, and repairs each one before and after its code runs."""

from __future__ import annotations

import importlib
import random
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
        state = random.getstate()  # one of the packages that CARLA imports draws from it
        registry.apply(module, "before")
        self._underlying.exec_module(module)
        registry.apply(module, "after")
        random.setstate(state)

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
        if fullname != root and not _is_repaired(sys.modules.get(root)):
            return None
        spec = registry.found_by_others(self, fullname, path, target)
        if fullname == root and (spec is None or not self._is_the_one_meant(spec)):
            if root == "carla" and _is_nothing(spec) and _called_by_import_statement():
                raise CarlaNotInstalledError(
                    f"CARLA is not installed. Install it with: {INSTALL_COMMAND}", name="carla"
                )
            return spec
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return spec
        importlib.import_module("carla_genre.carla_compat.repairs")
        spec.loader = RepairingLoader(spec.loader)  # type: ignore[assignment]
        return spec

    def _is_the_one_meant(self, spec: ModuleSpec) -> bool:
        """Whether it has the module that marks it: the driving simulator CARLA has a package of the same name."""
        places = list(spec.submodule_search_locations or [])
        mark = f"{spec.name}.{registry.REPAIRABLE_PACKAGES[spec.name]}"
        return bool(places) and registry.found_by_others(self, mark, places) is not None


def _is_repaired(package: ModuleType | None) -> bool:
    """Whether a package came through this hook: one imported before it, or another of its name, is left alone."""
    return isinstance(getattr(getattr(package, "__spec__", None), "loader", None), RepairingLoader)


def _is_nothing(spec: ModuleSpec | None) -> bool:
    """Whether nothing was found, or no more than a folder without code, such as CARLA's own cache ~/carla."""
    return spec is None or spec.origin is None


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
        sys.meta_path.insert(0, CarlaFinder())
    for package in registry.REPAIRABLE_PACKAGES:
        if package not in sys.modules:
            for name in [name for name in sys.modules if name.startswith(package + ".")]:
                del sys.modules[name]
