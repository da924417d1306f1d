"""What CARLA's modules get when they import packages: absent ones, and names that newer versions have removed."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

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


def _is_folder(found: ModuleType) -> bool:
    """Whether this is a folder on the path without an __init__.py, which Python imports as an empty package."""
    spec = getattr(found, "__spec__", None)
    return spec is not None and spec.origin is None and bool(spec.submodule_search_locations)


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
        if _is_folder(found):  # of the user's, that has the package's name by chance
            del sys.modules[request.root]
            raise ModuleNotFoundError(f"No module named {request.root!r}; {request.root} is a folder")
    except Exception as cause:  # a package that is broken is as absent as one that is not there
        return _absent_part(request, cause)
    missing = [name for name in request.fromlist if name != "*" and not hasattr(found, name)]
    if not missing:
        return found
    way_out = _no_such_part(f"{request.name}.{missing[0]}", found)
    absence = Absence(request.module, request.name, way_out=way_out)
    return OverlayModule(found, {n: stand_in_name(absence, f"{request.name}.{n}") for n in missing})


@repair_imports("logging", "carla")
def importing_carla_sets_up_logging(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`import carla` replaces the root logger's handlers, closes and disables others: only its own logger is set up.

    Its messages go to the standard output, as CARLA has it, while the root logger has no handler.
    """
    logging = proceed()
    root = logging.getLogger()

    def set_up(config: dict[str, Any]) -> None:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter(config["formatters"]["simple"]["format"]))
        handler.addFilter(lambda message: not root.handlers)
        own = logging.getLogger(request.module.__name__)
        own.setLevel(config["root"]["level"])
        own.addHandler(handler)

    return OverlayModule(logging, {"config": SimpleNamespace(dictConfig=set_up)})


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


def removed_names(numpy: ModuleType) -> dict[str, Any]:
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
    names = removed_names(numpy)
    if not names:
        return numpy
    return OverlayModule(numpy, names)


_AUTOENCODERS = "carla.recourse_methods.autoencoder.models"


def _tensorflow() -> ModuleType | None:
    """TensorFlow, imported; None where it is absent or broken, which the stand-ins then say."""
    try:
        return importlib.import_module("tensorflow")
    except Exception:
        return None


def _as_version_1(tensorflow: ModuleType) -> ModuleType:
    """The namespace of TensorFlow 1 by its old names, with today's Keras in it."""
    version_1 = tensorflow.compat.v1
    names = {name: getattr(tensorflow, name) for name in ("keras", "__version__")}
    view = OverlayModule(version_1, names)
    view.__dict__["compat"] = OverlayModule(tensorflow.compat, {"v1": view})
    return view


@repair_imports("tensorflow", "carla.*")
def tensorflow_lacks_version_1_names(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`tf.log`, `tf.placeholder`, `tf.Session` are gone (TensorFlow 2): CARLA gets such names from compat.v1."""
    tensorflow = _tensorflow() if request.name == "tensorflow" else None
    if tensorflow is None or hasattr(tensorflow, "placeholder"):
        return proceed()
    return _as_version_1(tensorflow)


@repair_imports("tensorflow", "carla.recourse_methods.catalog.focus.model")
def tensorflow_lacks_contrib(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`tensorflow.contrib.eager` is gone (TensorFlow 2): the one function that FOCUS takes from it is `py_function`."""
    tensorflow = _tensorflow() if request.name == "tensorflow.contrib.eager" else None
    if tensorflow is None or importlib.util.find_spec("tensorflow.contrib") is not None:
        return proceed()
    eager = SimpleNamespace(py_func=tensorflow.py_function)
    return OverlayModule(tensorflow, {"contrib": SimpleNamespace(eager=eager)})


@repair_imports("tensorflow", f"{_AUTOENCODERS}.*")
def autoencoders_turn_off_eager_mode(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """Importing the autoencoders turns off eager mode in the whole process: their call of it does nothing."""
    found = proceed()
    if request.name != "tensorflow" or sys.modules.get("tensorflow") is None:
        return found
    version_1 = OverlayModule(found.compat.v1, {"disable_eager_execution": lambda: None})
    return OverlayModule(found, {"compat": OverlayModule(found.compat, {"v1": version_1})})


@repair_imports("keras", "carla.*")
def keras_backend_lacks_functions(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`keras.backend` has lost `sum`, `max` and most others (Keras 3): CARLA gets the backend of `tf.keras`."""
    keras = proceed()
    if request.name != "keras" or "backend" not in request.fromlist or hasattr(keras.backend, "sum"):
        return keras
    tensorflow = _tensorflow()
    if tensorflow is None:
        return keras
    return OverlayModule(keras, {"backend": tensorflow.keras.backend})
