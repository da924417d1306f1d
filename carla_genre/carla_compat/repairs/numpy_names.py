"""Names that numpy has removed."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import ModuleType
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import ImportRequest, OverlayModule
from carla_genre.carla_compat.registry import repair_imports

_BUILTIN_NAMES = ("bool", "complex", "float", "int", "object", "str")
_RENAMED = {
    "Inf": "inf",
    "Infinity": "inf",
    "NAN": "nan",
    "NaN": "nan",
    "complex_": "complex128",
    "float_": "float64",
    "infty": "inf",
    "string_": "bytes_",
    "unicode_": "str_",
}


def _removed_names(numpy: ModuleType) -> dict[str, Any]:
    present = vars(numpy)
    names = {name: getattr(builtins, name) for name in _BUILTIN_NAMES if name not in present}
    names.update({old: present[new] for old, new in _RENAMED.items() if old not in present})
    return names


@repair_imports("numpy", "carla.*", "causalgraphicalmodels.*", "recourse.*")
def numpy_lacks_builtin_aliases(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`np.float`, `np.int`, `np.NaN` and their like are gone (numpy 1.24, 2.0): CARLA gets a numpy with them."""
    numpy = proceed()
    if numpy.__name__ != "numpy":
        return numpy
    names = _removed_names(numpy)
    if not names:
        return numpy
    registry.record("numpy_lacks_builtin_aliases", request.module.__name__)
    return OverlayModule(numpy, names)
