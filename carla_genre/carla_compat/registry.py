"""The list of repairs, and the record of which of them were needed.

A repair is one small function for one defect of CARLA, named by its symptom. It is given a module of CARLA, before
or after that module's code has run, and says whether the symptom was there.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Literal

from carla_genre.carla_compat.imports import Answer, ImportRequest, answer_imports

#: Comma-separated names of repairs to leave out; read each time, so that a test can show what fails without one.
DISABLE_VARIABLE = "CARLA_GENRE_DISABLE_REPAIRS"

#: CARLA, and two packages of 2019 and 2020 that it stands on and nobody repairs any more; each with a module by which
#: it is told from another package of the same name. Nothing else is ever wrapped.
REPAIRABLE_PACKAGES = {"carla": "recourse_methods", "causalgraphicalmodels": "cgm", "recourse": "flipset"}

When = Literal["before", "after"]
RepairFunction = Callable[[ModuleType], bool]


@dataclass(frozen=True)
class Repair:
    """One defect and what is done about it.

    The name is the symptom, the summary one line: what breaks, since when, what is done. The function takes the module
    and returns True where the symptom was there and has been repaired.
    """

    name: str
    modules: tuple[str, ...]
    when: When
    summary: str
    function: RepairFunction

    def concerns(self, module_name: str) -> bool:
        return any(_matches(pattern, module_name) for pattern in self.modules)


_repairs: dict[str, Repair] = {}
_applied: dict[str, list[str]] = {}


def _matches(pattern: str, module_name: str) -> bool:
    if pattern.endswith(".*"):
        package = pattern[:-2]
        return module_name == package or module_name.startswith(package + ".")
    return module_name == pattern


def repair(*modules: str, when: When = "after") -> Callable[[RepairFunction], RepairFunction]:
    """Register the decorated function as a repair of the named modules.

    ``"carla.*"`` means carla and every module below it. "before" its code runs a module's ``__builtins__`` can be
    prepared; "after", its names are there and can be replaced.
    """

    def register(function: RepairFunction) -> RepairFunction:
        name = function.__name__
        if name in _repairs:
            raise RuntimeError(f"two repairs are called {name!r}")
        if not function.__doc__:
            raise RuntimeError(f"the repair {name!r} needs a docstring that says what breaks")
        for module in modules:
            if module.partition(".")[0] not in REPAIRABLE_PACKAGES:
                raise RuntimeError(f"the repair {name!r} would change {module!r}, which is not CARLA's")
        summary = " ".join(function.__doc__.strip().split("\n\n")[0].split())
        _repairs[name] = Repair(name, modules, when, summary, function)
        return function

    return register


def around(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace a function of a module or a class by the decorated one, which is given the original first."""
    original = getattr(owner, name)

    def replace(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        setattr(owner, name, replacement)
        return replacement

    return replace


def bound(function: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """All arguments of a call by name, defaults included; a method's `self` is among them."""
    arguments = inspect.signature(function).bind(*args, **kwargs)
    arguments.apply_defaults()
    return dict(arguments.arguments)


def repair_around(path: str, *modules: str) -> Callable[[Callable[..., Any]], RepairFunction]:
    """Register the decorated function as a repair: it goes `around` a function, or ``"Class.method"``, of modules."""

    def register(function: Callable[..., Any]) -> RepairFunction:
        @repair(*modules)
        @wraps(function)
        def replaced(module: ModuleType) -> bool:
            owner, _, name = path.rpartition(".")
            around(getattr(module, owner) if owner else module, name)(function)
            return True

        return replaced

    return register


def repair_imports(package: str, *modules: str) -> Callable[[Answer], RepairFunction]:
    """Register the decorated answer to the modules' imports of `package`: needed where it gives something else."""

    def register(function: Answer) -> RepairFunction:
        def answer(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
            unrepaired: list[Any] = []

            def remembered() -> Any:
                unrepaired.append(proceed())
                return unrepaired[-1]

            found = function(request, remembered)
            if all(found is not other for other in unrepaired):
                record(function.__name__, request.module.__name__)
            return found

        @repair(*modules, when="before")
        @wraps(function)
        def answered(module: ModuleType) -> bool:
            answer_imports(module, package, answer)
            return False

        return answered

    return register


def found_by_others(
    asking: Any, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
) -> ModuleSpec | None:
    """What Python's finders other than the one that is `asking` find for a module."""
    others = (finder for finder in sys.meta_path if finder is not asking and hasattr(finder, "find_spec"))
    specs = (finder.find_spec(fullname, path, target) for finder in others)
    return next((spec for spec in specs if spec is not None), None)


def repairs() -> list[Repair]:
    """Every registered repair, by name."""
    return [_repairs[name] for name in sorted(_repairs)]


def disabled(name: str) -> bool:
    """Whether the environment switches this repair off."""
    return name in {part.strip() for part in os.environ.get(DISABLE_VARIABLE, "").split(",")}


def apply(module: ModuleType, when: When) -> None:
    """Run the repairs of `module` that are due, in the order in which they were registered."""
    for entry in list(_repairs.values()):
        if entry.when != when or not entry.concerns(module.__name__) or disabled(entry.name):
            continue
        if entry.function(module):
            record(entry.name, module.__name__)


def record(name: str, module_name: str) -> None:
    """Note that a repair was needed; for those that find out later, when CARLA's module imports something."""
    if name not in _repairs:
        raise RuntimeError(f"no repair is called {name!r}")
    places = _applied.setdefault(name, [])
    if module_name not in places:
        places.append(module_name)


def applied() -> dict[str, list[str]]:
    """Names of the repairs that were needed so far, each with the modules it changed."""
    return {name: list(places) for name, places in sorted(_applied.items())}
