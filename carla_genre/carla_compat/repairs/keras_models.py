"""Keras models: the neural classifiers on TensorFlow, and the autoencoder of CEM."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from functools import wraps
from types import ModuleType
from typing import Any

from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.registry import around, bound, repair, repair_around
from carla_genre.carla_compat.stand_ins import StandInModule

_AUTOENCODERS = (
    "carla.recourse_methods.autoencoder.models",
    "carla.recourse_methods.autoencoder.models.autoencoder",
)
_LOAD_MODEL = "carla.models.catalog.load_model"

#: What of a module builds, trains or reads Keras models: class and method, or a function.
_USERS_OF_KERAS = {
    _LOAD_MODEL: ["load_online_model", "load_trained_model", "save_model"],
    "carla.models.catalog.ANN_TF.model_ann": ["AnnModel.__init__", "AnnModel.build_train_save_model"],
    "carla.models.catalog.Linear_TF.model_linear": [
        "LinearModel.__init__",
        "LinearModel.build_train_save_model",
    ],
    **{name: ["Autoencoder.train", "Autoencoder.save", "Autoencoder.load"] for name in _AUTOENCODERS},
}


def _keras_3() -> ModuleType | None:
    """Keras, where it is loaded and is 3 or later (2 knows graphs, and its names are those that CARLA uses)."""
    keras = sys.modules.get("keras")
    if keras is None or sys.modules.get("tensorflow") is None:
        return None
    return None if keras.__version__.startswith(("1.", "2.")) else keras


@repair(*_AUTOENCODERS)
def keras_names_weights_otherwise(module: ModuleType) -> bool:
    """Keras 3 saves weights as `.weights.h5` only and has no `output_shape`: the autoencoder is kept its way."""
    if _keras_3() is None or not _defines_autoencoder(module):
        return False

    def save(self: Any, fitted_ae: Any) -> None:
        path = _autoencoder_path(module, self.data_name, fitted_ae.input_shape[1])
        fitted_ae.save_weights(f"{path}.weights.h5")
        with open(f"{path}.json", "w") as file:
            file.write(fitted_ae.to_json())

    def load(self: Any, input_shape: int) -> Any:
        path = _autoencoder_path(module, self.data_name, input_shape)
        with open(f"{path}.json") as file:
            config = json.load(file)
        config.pop("compile_config", None)  # it names the loss, CARLA's or the user's own function
        model = module.model_from_json(json.dumps(config), custom_objects={"tf": module.tf})
        model.load_weights(f"{path}.weights.h5")
        self._layers = [int(layer.output.shape[1]) for layer in model.layers[:-1]]
        return model

    for method in (save, load):
        original = getattr(module.Autoencoder, method.__name__)
        setattr(module.Autoencoder, method.__name__, wraps(original)(method))
    return True


def _defines_autoencoder(module: ModuleType) -> bool:
    """Whether the class is defined in this module (PyPI's) or only passed on by it (the head's package)."""
    autoencoder = getattr(module, "Autoencoder", None)
    return autoencoder is not None and autoencoder.__module__ == module.__name__


def _autoencoder_path(module: ModuleType, data_name: str, width: int) -> str:
    return os.path.join(module.get_home(), f"{data_name}_{width}")


@repair(*_USERS_OF_KERAS)
def keras_fails_in_a_graph(module: ModuleType) -> bool:
    """Keras 3 raises in a version-1 graph or with eager mode off: models are built, trained and read eagerly."""
    from carla_genre.carla_compat.eager_mode import eagerly

    if _keras_3() is None or (module.__name__ in _AUTOENCODERS and not _defines_autoencoder(module)):
        return False
    for path in _USERS_OF_KERAS[module.__name__]:
        *classes, name = path.split(".")
        owner = getattr(module, classes[0]) if classes else module
        setattr(owner, name, eagerly(getattr(owner, name)))
    return True


@repair_around("AnnModel.build_train_save_model", "carla.models.catalog.ANN_TF.model_ann")
def ann_is_saved_into_working_folder(original: Any, self: Any, *args: Any, **options: Any) -> Any:
    """Training a network on TensorFlow leaves a second copy in `./saved_models`: only the cache keeps one."""
    with tempfile.TemporaryDirectory() as folder:
        return original(self, *args, **{"model_directory": folder, **options})


@repair("carla.models.catalog.catalog")
def tensorflow_is_missed_late(module: ModuleType) -> bool:
    """Without TensorFlow, `backend="tensorflow"` fails only when a classifier is made: it is refused at once."""
    if not isinstance(module.tf, StandInModule):
        return False
    absence = module.tf._absence

    @around(module.MLModelCatalog, "__init__")
    def __init__(original_init: Any, self: Any, *args: Any, **options: Any) -> None:
        if bound(original_init, self, *args, **options)["backend"] == "tensorflow":
            absence.refuse('tensorflow for backend="tensorflow"')
        original_init(self, *args, **options)

    return True


@repair("carla.models.catalog.catalog")
def keras_predict_needs_eager_mode(module: ModuleType) -> bool:
    """`predict` of Keras 3 raises in a graph, and prints a bar and is slow: the model is called directly."""
    if _keras_3() is None:
        return False
    from carla_genre.carla_compat.eager_mode import probabilities

    catalog = module.MLModelCatalog

    @around(catalog, "predict_proba")
    def predict_proba(original_predict_proba: Any, self: Any, x: Any) -> Any:
        if self.backend != "tensorflow":
            return original_predict_proba(self, x)
        x = self.get_ordered_features(x)
        if len(x.shape) != 2:
            raise ValueError("Input shape has to be two-dimensional")
        return probabilities(self.raw_model, x)

    @around(catalog, "predict")
    def predict(original_predict: Any, self: Any, x: Any) -> Any:
        if self.backend != "tensorflow":
            return original_predict(self, x)
        if len(x.shape) != 2:
            raise ValueError("Input shape has to be two-dimensional, (instances, features).")
        return predict_proba(self, x)[:, 1].reshape((-1, 1))

    return True


@repair(_LOAD_MODEL)
def keras_misreads_old_files(module: ModuleType) -> bool:
    """Keras 3 refuses or misreads what Keras 2 wrote into .h5 files, as CARLA's published ones: it is translated."""
    if _keras_3() is None:
        return False
    from carla_genre.carla_compat.keras_files import load_model

    models = OverlayModule(module.tf.keras.models, {"load_model": load_model})
    keras = OverlayModule(module.tf.keras, {"models": models})
    module.tf = OverlayModule(module.tf, {"keras": keras})  # type: ignore[attr-defined]
    return True


@repair("carla.recourse_methods.autoencoder.losses.losses")
def keras_losses_lack_squared_error(module: ModuleType) -> bool:
    """`tf.keras.losses.mean_squared_error` is gone (Keras 3): the autoencoder gets that of `keras.losses`."""
    keras = _keras_3()
    if keras is None or hasattr(module.tf.keras.losses, "mean_squared_error"):
        return False
    names = {"mean_squared_error": keras.losses.mean_squared_error}
    overlay = OverlayModule(module.tf.keras, {"losses": OverlayModule(module.tf.keras.losses, names)})
    module.tf = OverlayModule(module.tf, {"keras": overlay})  # type: ignore[attr-defined]
    return True
