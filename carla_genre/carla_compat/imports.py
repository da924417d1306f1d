"""Answer the imports of one module of CARLA, and of no other module.

Python looks ``__import__`` up in the ``__builtins__`` of the importing module. A module of CARLA is given its own, so
that what it imports can be answered as it expects, while ``sys.modules`` and every library stay as they are.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple


class ImportRequest(NamedTuple):
    """What a module of CARLA asks for: ``import name`` or ``from name import fromlist``."""

    module: ModuleType
    name: str
    fromlist: tuple[str, ...]

    @property
    def root(self) -> str:
        """The top-level package that is asked for."""
        return self.name.partition(".")[0]


#: Gets the request and a function that goes on with it (to earlier answers, at last to Python's own import) and
#: returns what ``__import__`` would: the top-level package, or the named module where there is a `fromlist`.
Answer = Callable[[ImportRequest, Callable[[], Any]], Any]


class View:
    """An object that passes everything on to another one, with some names answered differently."""

    def __init__(self, underlying: Any, names: Mapping[str, Any]) -> None:
        self.__dict__.update({"__wrapped__": underlying, **names})

    def __getattr__(self, name: str) -> Any:
        if name == "__wrapped__":  # asked for by copy and pickle before it is set
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __dir__(self) -> list[str]:
        return sorted({*dir(self.__wrapped__), *self.__dict__})


class OverlayModule(View, ModuleType):
    """A view of a module."""

    def __init__(self, underlying: ModuleType, names: Mapping[str, Any]) -> None:
        ModuleType.__init__(self, underlying.__name__, underlying.__doc__)
        dunders = ("__spec__", "__file__", "__path__", "__version__", "__loader__", "__package__")
        present = {name: getattr(underlying, name) for name in dunders if hasattr(underlying, name)}
        View.__init__(self, underlying, {**present, **names})


class _Import:
    """The ``__import__`` of one module."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.answers: list[tuple[str, Answer]] = []
        self.own_parts: Callable[[str, tuple[str, ...], Callable[[], Any]], Any] | None = None

    def __call__(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 (the names are Python's)
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> Any:
        proceed: Callable[[], Any] = partial(
            builtins.__import__, name, globals, locals, fromlist or (), level
        )
        if level == 1 and self.own_parts is not None:
            return self.own_parts(name, tuple(fromlist or ()), proceed)
        if level:
            return proceed()
        request = ImportRequest(self.module, name, tuple(fromlist or ()))
        for package, answer in self.answers:
            if package in ("*", request.root):
                proceed = partial(answer, request, proceed)
        return proceed()


def answer_imports(module: ModuleType, package: str, answer: Answer) -> None:
    """Let `answer` decide what `module` gets when it imports `package` or anything below it.

    The code of the module, one of CARLA's, has not run yet. The package is a top-level one, or ``"*"`` for all. Answers
    given later are asked first.
    """
    _import_of(module).answers.append((package, answer))


def answer_own_parts(
    module: ModuleType, answer: Callable[[str, tuple[str, ...], Callable[[], Any]], Any]
) -> None:
    """Let `answer` decide what a package gets by ``from .name import fromlist``; it is given the way on as well."""
    _import_of(module).own_parts = answer


def _import_of(module: ModuleType) -> _Import:
    own = module.__dict__.get("__builtins__")
    if not isinstance(own, dict) or not isinstance(own.get("__import__"), _Import):
        own = dict(vars(builtins))
        own["__import__"] = _Import(module)
        module.__dict__["__builtins__"] = own
    found: _Import = own["__import__"]
    return found
