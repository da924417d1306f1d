"""A user's model by its name: a joblib file, an ONNX file, or an object of a module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from carla_genre.errors import InputError
from carla_genre.files.onnx_model import load_onnx
from carla_genre.loading import find_own_modules, load_object


def load_model(named: str) -> Any:
    """The model of a ``.joblib``, ``.pkl`` or ``.onnx`` file, or ``module:name`` of one or of what makes one.

    A joblib file runs code when it is read: give only those that you trust.

    Raises
    ------
    InputError
        It cannot be loaded.
    """
    suffix = Path(named).suffix
    if suffix in (".joblib", ".pkl", ".pickle"):
        return _unpickled(named)
    if suffix == ".onnx":
        return load_onnx(named)
    if ":" not in named:
        raise InputError(f"--model {named}: expected a .joblib or .onnx file, or module:name")
    find_own_modules()
    model = load_object(named, "model")
    if hasattr(model, "predict") or hasattr(model, "predict_proba"):
        return model
    try:
        return model()
    except Exception as error:  # one's own function may raise anything
        raise InputError(f"the model {named!r} cannot be made: {type(error).__name__}: {error}") from error


def _unpickled(path: str) -> Any:
    import joblib

    find_own_modules()  # those that the model's own classes are of
    try:
        return joblib.load(path)
    except Exception as error:  # whatever the code in it raises
        raise InputError(f"the model {path} cannot be loaded: {type(error).__name__}: {error}") from error
