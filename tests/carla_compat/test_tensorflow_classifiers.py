"""MLModelCatalog on TensorFlow: train, predict, save and load, on the embedded Adult; refused without TensorFlow."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

import carla_genre  # noqa: F401

needs_tensorflow = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="needs TensorFlow, which is not installed"
)

# Each in a process of its own: eager mode is the process's, and so is a TensorFlow that is not there.
TRAIN = """
    import contextlib, io, json, os, sys, tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp())
    os.chdir(folder)
    os.environ["CF_DATA"], os.environ["CF_MODELS"] = str(folder), str(folder / "models")

    import numpy as np
    import carla_genre
    from carla_genre.datasets.adult import load_adult
    import tensorflow as tf
    from sklearn.metrics import roc_auc_score

    if {eager_off}:
        tf.compat.v1.disable_eager_execution()
    from carla.data.catalog import OnlineCatalog
    from carla.models.catalog import MLModelCatalog
    from carla.models.negative_instances import predict_negative_instances

    for part, frame in zip(("", "_train", "_test"), load_adult()):
        frame.iloc[::5].to_csv(folder / f"adult{{part}}.csv", index=False)
    data, found = OnlineCatalog("adult"), {{}}
    tf.keras.utils.set_random_seed(0)
    rows = data.df_test
    training = dict(learning_rate=0.01, epochs=5, batch_size=128, hidden_size=[8, 8])
    with contextlib.redirect_stdout(io.StringIO()):
        for kind in ("ann", "linear"):
            model = MLModelCatalog(data, kind, backend="tensorflow", load_online=False)
            model.train(**training)
            probability = model.predict_proba(rows)
            array = rows[model.feature_input_order].to_numpy()
            loaded = MLModelCatalog(data, kind, backend="tensorflow", load_online=False)
            loaded._model = None
            loaded.train(**training)
            found[kind] = dict(
                shape=[*probability.shape],
                sums=bool(np.allclose(probability.sum(axis=1), 1, atol=1e-5)),
                auc=float(roc_auc_score(rows["income"], probability[:, 1])),
                predict=bool(np.array_equal(model.predict(rows), probability[:, [1]])),
                denied=len(predict_negative_instances(model, rows)) == int((probability[:, 1] < 0.5).sum()),
                array=bool(np.array_equal(model.predict_proba(array), probability)),
                one=bool(np.allclose(model.predict_proba(rows.iloc[[3]]), probability[[3]], atol=1e-6)),
                none=[*model.predict_proba(rows.iloc[:0]).shape],
                keras=isinstance(model.raw_model, tf.keras.Model),
                loaded=bool(np.array_equal(loaded.predict_proba(rows), probability)),
                eager=tf.executing_eagerly(),
            )
    files = sorted(str(path.relative_to(folder).suffix) for path in folder.rglob("*.h5"))
    print(json.dumps([found, files, (folder / "saved_models").exists()]))
"""

WITHOUT = """
    import json, sys
    sys.modules["tensorflow"] = sys.modules["keras"] = None  # as if they were not installed
    import carla_genre
    from carla_genre.datasets import load_dataset
    import carla.recourse_methods as methods
    from carla.models.catalog import MLModelCatalog

    data, messages = load_dataset("adult"), []
    for online in (True, False):
        try:
            MLModelCatalog(data, "ann", "tensorflow", load_online=online)
        except carla_genre.MissingDependencyError as error:
            messages.append(str(error))
        except Exception as error:
            messages.append(type(error).__name__)
    forest = MLModelCatalog(data, "forest", "sklearn", load_online=False)
    print(json.dumps([messages, forest.backend, hasattr(methods, "Wachter")]))
"""


@needs_tensorflow
@pytest.mark.parametrize("eager_off", [False, True], ids=["eager", "eager turned off by the user"])
def test_train_predict_save_and_load(run_python: Any, eager_off: bool) -> None:
    found, files, saved_twice = run_python(TRAIN.format(eager_off=eager_off))
    for kind in ("ann", "linear"):
        result = found[kind]
        assert result.pop("auc") > 0.7, kind  # it has learned
        rows = result["shape"][0]
        assert result == {
            "shape": [rows, 2],
            "sums": True,
            "predict": True,
            "denied": True,
            "array": True,
            "one": True,
            "none": [0, 2],
            "keras": True,
            "loaded": True,
            "eager": not eager_off,
        }
    assert files == [".h5", ".h5"]
    assert not saved_twice


def test_everything_else_works_without_tensorflow(run_python: Any) -> None:
    messages, backend, has_methods = run_python(WITHOUT, warm=True)
    assert len(messages) == 2
    assert all("pip install 'carla-genre[tensorflow]'" in message for message in messages)
    assert backend == "sklearn"
    assert has_methods


def test_without_its_repair_the_refusal_comes_late(run_python: Any) -> None:
    messages, _, _ = run_python(WITHOUT, disable=("tensorflow_is_missed_late",), warm=True)
    assert len(messages) < 2 or "InputError" in messages
