"""Each function has the name of a repair and tells whether its symptom is there. Run as a script it prints them all.

The tests run it twice: with the repairs, where no symptom may be left, and without them, where each must appear.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp())
os.environ["CF_DATA"] = str(FOLDER / "data")
os.environ["CF_MODELS"] = str(FOLDER / "models")
os.chdir(FOLDER)

import h5py  # noqa: E402
import joblib  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from people import ROLES, csv_file  # noqa: E402

import carla_genre  # noqa: E402


def libraries() -> dict[str, dict[str, object]]:
    """What the modules hold that the repairs give CARLA other views of."""
    modules = [joblib, keras, keras.backend, keras.losses, tf, tf.compat, tf.compat.v1]
    modules += [tf.keras, tf.keras.backend, tf.keras.losses, tf.keras.models]
    return {module.__name__: dict(vars(module)) for module in modules}


BEFORE = libraries()

from carla.data.catalog import CsvCatalog  # noqa: E402
from carla.models.catalog import MLModelCatalog, load_model  # noqa: E402
from carla.models.catalog.ANN_TF import model_ann  # noqa: E402
from carla.recourse_methods.autoencoder import Autoencoder  # noqa: E402
from carla.recourse_methods.autoencoder.losses import losses  # noqa: E402
from carla.recourse_methods.catalog.cem import CEM  # noqa: E402
from carla.recourse_methods.catalog.focus import FOCUS  # noqa: E402

EAGER_AFTER_IMPORT = tf.executing_eagerly()
if not EAGER_AFTER_IMPORT:
    tf.compat.v1.enable_eager_execution()  # so that each symptom below is one of its own
DATA = CsvCatalog(csv_file(FOLDER), **ROLES)
FOCUS_SETTINGS = {
    "optimizer": "adam",
    "lr": 0.05,
    "n_class": 2,
    "n_iter": 20,
    "sigma": 1.0,
    "temperature": 1.0,
    "distance_weight": 0.01,
    "distance_func": "l1",
}
TRAINING = {"learning_rate": 0.01, "epochs": 1, "batch_size": 64, "hidden_size": [4, 4]}


def fails(function: Callable[[], object]) -> bool:
    """Whether it raises; what it raises goes to the error output."""
    try:
        function()
    except Exception as error:
        print(f"{type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
        return True
    return False


def trained(model_type: str, backend: str = "tensorflow") -> MLModelCatalog:
    model = MLModelCatalog(DATA, model_type, backend=backend, load_online=False)
    model.train(force_train=True, n_estimators=3, max_depth=3, **TRAINING)
    return model


def linear() -> MLModelCatalog:
    """A classifier on TensorFlow whose training needs no repair."""
    model = MLModelCatalog(DATA, "linear", backend="tensorflow", load_online=False)
    layers = [tf.keras.layers.Input((6,)), tf.keras.layers.Dense(2, activation="softmax")]
    model._model = tf.keras.Sequential(layers)
    return model


def rows_to_explain(count: int = 4) -> object:
    return DATA.df_test.head(count)


def autoencoder_data() -> np.ndarray:
    return DATA.df_train[[c for c in DATA.df_train if c != "y"]].to_numpy(dtype="float32")


def tensorflow_lacks_version_1_names() -> bool:
    labels = tf.constant([[0.0, 1.0]])
    return fails(lambda: model_ann.weighted_binary_cross_entropy(labels, tf.constant([[0.25, 0.75]])))


def tensorflow_lacks_contrib() -> bool:
    from carla.recourse_methods.catalog.focus import model as focus

    return fails(lambda: focus.tfe.py_func(lambda rows: rows.numpy(), [np.ones(2)], tf.float32))


def focus_opens_a_session_eagerly() -> bool:
    method = FOCUS(trained("forest", "sklearn"), dict(FOCUS_SETTINGS))
    return fails(lambda: method.get_counterfactuals(rows_to_explain()))


def autoencoders_turn_off_eager_mode() -> bool:
    return not EAGER_AFTER_IMPORT


def keras_backend_lacks_functions() -> bool:
    zeros = tf.zeros((2, 3))
    return fails(lambda: losses.binary_crossentropy(zeros, zeros))


def keras_losses_lack_squared_error() -> bool:
    return fails(lambda: losses.mse(tf.zeros((2, 3)), tf.ones((2, 3))))


def keras_names_weights_otherwise() -> bool:
    rows = autoencoder_data()

    def squared(y_true: object, y_pred: object) -> object:
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)

    autoencoder = Autoencoder("people", [rows.shape[1], 4, 2], loss=squared)
    fitted = autoencoder.train(rows, rows, epochs=1, batch_size=64)
    if fails(lambda: autoencoder.save(fitted)):
        return True
    kept = Autoencoder("people")
    loaded = kept.load(rows.shape[1])
    same = np.allclose(loaded(tf.constant(rows)), fitted(tf.constant(rows)))
    return not same or kept._layers != [rows.shape[1], 4, 2]


def keras_fails_in_a_graph() -> bool:
    with tf.Graph().as_default():
        return fails(lambda: trained("linear"))


def keras_predict_needs_eager_mode() -> bool:
    model = linear()
    with tf.Graph().as_default():
        return fails(lambda: model.predict_proba(rows_to_explain()))


def keras_misreads_old_files() -> bool:
    model = tf.keras.Sequential([tf.keras.layers.Input((3,)), tf.keras.layers.Dense(2, name="only")])
    path = FOLDER / "models" / "people" / "ann.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    with h5py.File(path, "r+") as file:
        initializer = {"class_name": "Zeros", "config": {"dtype": "float32"}}
        layer = {"name": "only", "batch_input_shape": [None, 3], "units": 2, "dtype": "float32"}
        layer = {**layer, "kernel_initializer": initializer, "bias_initializer": initializer}
        sequence = {"name": "sequence", "layers": [{"class_name": "Dense", "config": layer}]}
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": sequence})
    rows, before = tf.ones((5, 3)), path.read_bytes()
    found = []
    if fails(lambda: found.append(load_model.load_online_model("ann", "people", "h5")(rows))):
        return True
    return not np.allclose(found, model(rows)) or path.read_bytes() != before


def ann_is_saved_into_working_folder() -> bool:
    with contextlib.suppress(AttributeError):  # without tf.log it is not trained
        trained("ann")
        return (FOLDER / "saved_models").exists()
    return True


def cem_puts_keras_into_a_graph() -> bool:
    from carla.recourse_methods.catalog.cem import model as cem

    classifier, width = linear(), 6
    autoencoder = tf.keras.Sequential([tf.keras.layers.Input((width,)), tf.keras.layers.Dense(width)])
    hyperparams = {**CEM._DEFAULT_HYPERPARAMS, "data_name": "people", "gamma": 0.1}
    hyperparams |= {"max_iterations": 5, "binary_search_steps": 2}
    hyperparams["ae_params"] = {"hidden_layer": [4], "train_ae": True, "epochs": 1}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        cem.train_autoencoder = lambda *args, **options: autoencoder
        return fails(lambda: CEM(session, classifier, hyperparams).get_counterfactuals(rows_to_explain(2)))


def leaks() -> list[str]:
    """Names of the libraries that are others than before CARLA was imported, or have been added."""
    return [
        f"{module}.{name}"
        for module, names in libraries().items()
        for name, value in names.items()
        if not name.startswith("__")
        and BEFORE[module].get(name, value if name.startswith("_") else None) is not value
    ]


def tree_scores_are_no_index() -> bool:
    from carla.models.catalog import trees

    forest = trained("forest", "xgboost")
    rows = tf.constant(rows_to_explain()[forest.feature_input_order].to_numpy())
    return fails(lambda: trees.get_prob_classification_forest(forest, DATA.continuous, rows, sigma=1.0))


SYMPTOMS = [
    ann_is_saved_into_working_folder,
    autoencoders_turn_off_eager_mode,
    cem_puts_keras_into_a_graph,
    focus_opens_a_session_eagerly,
    keras_backend_lacks_functions,
    keras_fails_in_a_graph,
    keras_losses_lack_squared_error,
    keras_misreads_old_files,
    keras_names_weights_otherwise,
    keras_predict_needs_eager_mode,
    tensorflow_lacks_contrib,
    tensorflow_lacks_version_1_names,
    tree_scores_are_no_index,
]


def found(symptoms: list[Callable[[], bool]]) -> dict[str, bool]:
    with contextlib.redirect_stdout(io.StringIO()):
        return {symptom.__name__: symptom() for symptom in symptoms}


if __name__ == "__main__":
    symptoms = found(SYMPTOMS)
    applied = sorted(carla_genre.carla_compat.report().applied)
    print(json.dumps({"leaks": leaks(), "symptoms": symptoms, "applied": applied}))
