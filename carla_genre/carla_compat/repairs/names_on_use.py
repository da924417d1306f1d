"""CARLA's methods and classifiers, whose packages take long to import: each is imported when it is first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, ForwardRef

from carla_genre.carla_compat.imports import ImportRequest, OverlayModule, answer_own_parts
from carla_genre.carla_compat.registry import repair, repair_imports

#: Package -> its part -> which names of it can wait; None for all.
_CAN_WAIT: Mapping[str, Mapping[str, tuple[str, ...] | None]] = {
    "carla": {"models": ("MLModelCatalog",)},
    "carla.models": {"catalog": None},
    "carla.recourse_methods": {"catalog": None},
    "carla.recourse_methods.catalog": {
        "actionable_recourse": None,
        "causal_recourse": None,
        "cchvae": None,
        "cem": None,
        "clue": None,
        "crud": None,
        "dice": None,
        "face": None,
        "feature_tweak": None,
        "focus": None,
        "growing_spheres": None,
        "revise": None,
        "wachter": None,
    },
}


_BENCHMARK = "carla.evaluation.benchmark"


@repair(*_CAN_WAIT, when="before")
def importing_carla_imports_every_backend(module: ModuleType) -> bool:
    """`import carla` imports TensorFlow, torch, xgboost and all else that some method needs: it waits for its use."""
    can_wait = _CAN_WAIT[module.__name__]

    def own_part(name: str, fromlist: tuple[str, ...], proceed: Callable[[], Any]) -> Any:
        waiting = can_wait.get(name, ())
        place = f"{module.__name__}.{name}"
        later = {
            asked: ForwardRef(asked, module=place)
            for asked in fromlist
            if waiting is None or asked in waiting
        }
        if "*" in fromlist or not later:
            return proceed()
        if len(later) == len(fromlist):
            return SimpleNamespace(**later)
        return OverlayModule(importlib.import_module(place), later)

    answer_own_parts(module, own_part)
    return True


class _WaitingClass(type):
    """The type of stand-ins for a class: while its module is not imported, nothing is an instance of it."""

    module: str

    def __instancecheck__(cls, instance: object) -> bool:
        place = sys.modules.get(cls.module)
        return place is not None and isinstance(instance, getattr(place, cls.__name__))


@repair_imports("carla", _BENCHMARK)
def benchmark_imports_every_backend(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """Benchmark imports all backends to ask whether h is a MLModelCatalog: a stand-in says so without an import."""
    if request.name != "carla.models.catalog" or "*" in request.fromlist:
        return proceed()
    names = {name: _WaitingClass(name, (), {"module": request.name}) for name in request.fromlist}
    return SimpleNamespace(**names)


@repair(*_CAN_WAIT)
def names_wait_for_their_use(module: ModuleType) -> bool:
    """The names that wait are told by `dir` and `import *` as before, and imported when they are asked for."""
    later = {
        name: str(held.__forward_module__) for name, held in vars(module).items() if type(held) is ForwardRef
    }
    if not later:
        return False
    for name in later:
        delattr(module, name)
    below = f"{module.__name__}."
    parts = {place.removeprefix(below) for place in later.values() if place.startswith(below)} - set(
        vars(module)
    )
    public = [name for name in vars(module) if not name.startswith("_")]

    def __getattr__(name: str) -> Any:
        if name in later:
            value = getattr(importlib.import_module(later[name]), name)
        elif name in parts:
            value = importlib.import_module(below + name)
        else:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        setattr(module, name, value)
        return value

    names = {"__getattr__": __getattr__, "__dir__": lambda: sorted({*vars(module), *later, *parts})}
    vars(module).update({"__all__": sorted({*public, *later, *parts}), **names})
    return True
