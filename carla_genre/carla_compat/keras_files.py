"""Keras models in .h5 files that an older Keras wrote."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from typing import Any

from carla_genre.errors import InputError


def as_keras_3_reads_it(config: Any) -> Any:
    """The configuration of a model that Keras 2 wrote, with what Keras 3 refuses or misunderstands put right.

    Initializers lose their `dtype`. A sequence's first layer has its input's shape in `batch_input_shape`, which Keras
    3 takes for the shape of one row: an input layer says it instead.
    """
    if isinstance(config, list):
        return [as_keras_3_reads_it(item) for item in config]
    if not isinstance(config, dict):
        return config
    read = {key: as_keras_3_reads_it(value) for key, value in config.items()}
    for key, value in read.items():
        if key.endswith("_initializer") and isinstance(value, dict) and isinstance(value.get("config"), dict):
            value["config"].pop("dtype", None)  # TensorFlow 1 wrote it, Keras 3 refuses it
    if read.get("class_name") == "Sequential" and isinstance(read.get("config"), dict):
        read["config"]["layers"] = _with_input_layer(read["config"].get("layers", []))
    return read


def _with_input_layer(layers: list[Any]) -> list[Any]:
    first = layers[0].get("config", {}) if layers else {}
    if "batch_input_shape" not in first:
        return layers
    shape = first.pop("batch_input_shape")
    name, dtype = f"{first.get('name', 'first')}_input", first.get("dtype", "float32")
    inputs = {"class_name": "InputLayer", "config": {"batch_shape": shape, "dtype": dtype, "name": name}}
    return [inputs, *layers]


def load_model(filepath: str | os.PathLike[str], *args: Any, **options: Any) -> Any:
    """Do what ``keras.models.load_model`` does, also for a .h5 file of Keras 2.

    The file itself is not changed: what Keras reads then is a copy with another configuration.
    """
    import h5py
    import tensorflow as tf

    config = _configuration(filepath)
    readable = as_keras_3_reads_it(config)
    try:
        if readable == config:
            return tf.keras.models.load_model(filepath, *args, **options)
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, os.path.basename(filepath))
            shutil.copyfile(filepath, copy)
            with h5py.File(copy, "r+") as file:
                file.attrs["model_config"] = json.dumps(readable)
            return tf.keras.models.load_model(copy, *args, **options)
    except (OSError, TypeError, ValueError) as failure:
        raise InputError(
            f"{os.fspath(filepath)} is no Keras model that Keras {tf.keras.__version__} can read ({failure}). Remove "
            f"it and train one: MLModelCatalog(..., load_online=False) and train(..., force_train=True)"
        ) from failure


def _configuration(filepath: str | os.PathLike[str]) -> Any:
    """What the file says of the model's layers; None where it is not such a file."""
    import h5py

    try:
        with h5py.File(filepath, "r") as file:
            config = file.attrs.get("model_config")
    except OSError:
        return None
    return None if config is None else json.loads(config)
