"""Names of TensorFlow 1 and of Keras 2 that CARLA uses."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from carla_genre.carla_compat import registry
from carla_genre.carla_compat.imports import ImportRequest, OverlayModule
from carla_genre.carla_compat.registry import repair_imports

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
    registry.record("tensorflow_lacks_version_1_names", request.module.__name__)
    return _as_version_1(tensorflow)


@repair_imports("tensorflow", "carla.recourse_methods.catalog.focus.model")
def tensorflow_lacks_contrib(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """`tensorflow.contrib.eager` is gone (TensorFlow 2): the one function that FOCUS takes from it is `py_function`."""
    tensorflow = _tensorflow() if request.name == "tensorflow.contrib.eager" else None
    if tensorflow is None or importlib.util.find_spec("tensorflow.contrib") is not None:
        return proceed()
    registry.record("tensorflow_lacks_contrib", request.module.__name__)
    eager = SimpleNamespace(py_func=tensorflow.py_function)
    return OverlayModule(tensorflow, {"contrib": SimpleNamespace(eager=eager)})


@repair_imports("tensorflow", f"{_AUTOENCODERS}.*")
def autoencoders_turn_off_eager_mode(request: ImportRequest, proceed: Callable[[], Any]) -> Any:
    """Importing the autoencoders turns off eager mode in the whole process: their call of it does nothing."""

    def ignored() -> None:
        registry.record("autoencoders_turn_off_eager_mode", request.module.__name__)

    found = proceed()
    if request.name != "tensorflow" or sys.modules.get("tensorflow") is None:
        return found
    version_1 = OverlayModule(found.compat.v1, {"disable_eager_execution": ignored})
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
    registry.record("keras_backend_lacks_functions", request.module.__name__)
    return OverlayModule(keras, {"backend": tensorflow.keras.backend})
