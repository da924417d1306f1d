"""Keep TensorFlow and triton from killing the process, in whatever order they are imported.

Both carry a copy of LLVM. TensorFlow shows its own copy to every library that is loaded later; a triton loaded after
it (torch.optim and torch.compile do so, on first use) finds half of its LLVM there and aborts: seen with TensorFlow
2.21 and triton 3.7 (segmentation fault) and 3.9 (duplicate LLVM option), not with 3.5. So triton's library goes first
where that is still possible, and where TensorFlow is there already it is told to use its own symbols only.
Nothing is imported until the user imports tensorflow or triton.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry

#: The name to switch this off by, as a repair is (see `registry.disabled`).
SYMPTOM = "tensorflow_and_triton_share_symbols"

TENSORFLOW = "tensorflow"
TRITON_LIBRARY = "triton._C.libtriton"


class TensorFlowOrderFinder:
    """Finds nothing by itself: adds a step to the loading of TensorFlow and of triton's library."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in (TENSORFLOW, TRITON_LIBRARY) or registry.disabled(SYMPTOM):
            return None
        spec = registry.found_by_others(self, fullname, path, target)
        loader = getattr(spec, "loader", None)
        if fullname == TENSORFLOW and hasattr(loader, "exec_module"):
            _surround(loader, "exec_module", _triton_first)
        elif fullname == TRITON_LIBRARY and _tensorflow_is_loaded() and hasattr(loader, "create_module"):
            _surround(loader, "create_module", _own_symbols)
        return spec


def _surround(loader: Any, method: str, surroundings: Callable[[], Any]) -> None:
    """Let the first call of this loader's method run within a context. A loader belongs to one module only."""
    original = getattr(loader, method)

    def inside(argument: Any) -> Any:
        delattr(loader, method)
        with surroundings():
            return original(argument)

    setattr(loader, method, inside)


def _tensorflow_is_loaded() -> bool:
    """Whether TensorFlow's library may be there: also after an import of it that failed half-way."""
    return f"{TENSORFLOW}.python" in sys.modules


@contextmanager
def _triton_first() -> Iterator[None]:
    """Load triton's library, where triton is installed, before TensorFlow's."""
    with suppress(Exception):  # absent or broken: whoever imports triton itself will be told
        importlib.import_module(TRITON_LIBRARY)
    yield


@contextmanager
def _own_symbols() -> Iterator[None]:
    """Let a library that is loaded now prefer its own symbols to those that TensorFlow shows to all."""
    deep_binding = getattr(os, "RTLD_DEEPBIND", None)
    if deep_binding is None:
        if platform.system() == "Linux":
            raise ImportError(
                "triton cannot be loaded after tensorflow in this process: it would be killed. "
                "Put `import carla_genre` (or `import triton`) before `import tensorflow`.",
                name=TRITON_LIBRARY,
            )
        yield  # elsewhere a library's symbols are its own
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | deep_binding)
    try:
        yield
    finally:
        sys.setdlopenflags(flags)


def install() -> None:
    """Put the finder in place, once."""
    if not any(isinstance(finder, TensorFlowOrderFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, TensorFlowOrderFinder())
