"""Models by their names: joblib, ONNX as skl2onnx makes it, and objects of modules."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from file_cases import TABLE
from loans import QUICK, pipeline
from method_cases import quick_selector
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from carla_genre import InputError, Recourse
from carla_genre.files.model import load_model

FEATURES = TABLE.drop(columns="approved")


def made() -> Any:
    """A model for `module:name`."""
    return pipeline(TABLE)


def test_joblib_and_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joblib.dump(pipeline(TABLE), tmp_path / "model.joblib")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_models.py").write_text(
        "from test_model import made\nready = made()\ndef broken():\n    1 / 0\n"
    )
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    expected = pipeline(TABLE).predict_proba(FEATURES)
    for named in ("model.joblib", "own_models:made", "own_models:ready"):
        np.testing.assert_array_equal(load_model(named).predict_proba(FEATURES), expected)
    for named, message in (
        ("own_models:broken", "cannot be made: ZeroDivisionError"),
        ("own_models:nobody", "cannot load the model"),
        ("nowhere.joblib", "cannot be loaded"),
        ("nowhere.onnx", "cannot be loaded"),
        ("model.txt", r"expected a \.joblib or \.onnx file"),
    ):
        with pytest.raises(InputError, match=message):
            load_model(named)


@pytest.fixture(scope="module")
def skl2onnx() -> Any:
    pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")
    return pytest.importorskip("skl2onnx", reason="what makes ONNX of a pipeline is not installed")


def column_types(skl2onnx: Any) -> list[tuple[str, Any]]:
    kinds = skl2onnx.common.data_types
    floats = {name: kinds.FloatTensorType([None, 1]) for name in FEATURES}
    return [*(floats | {"home": kinds.StringTensorType([None, 1])}).items()]


@pytest.mark.parametrize("zipmap", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_pipeline_of_one_input_a_column(skl2onnx: Any, zipmap: bool, tmp_path: Path) -> None:
    model = pipeline(TABLE, model=LogisticRegression())
    options = {id(model): {"zipmap": zipmap}}
    graph = skl2onnx.convert_sklearn(model, initial_types=column_types(skl2onnx), options=options)
    (tmp_path / "model.onnx").write_bytes(graph.SerializeToString())
    found = load_model(str(tmp_path / "model.onnx"))
    assert found.feature_names_in_ == list(FEATURES)
    expected = model.predict_proba(FEATURES)
    np.testing.assert_allclose(found.predict_proba(FEATURES), expected, atol=1e-5)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.predict_proba(FEATURES), found.predict_proba(FEATURES))
    with quick_selector():
        given = {**QUICK, "verbose": False}
        recourse = Recourse(found, TABLE, "approved", "yes", hyperparams=given, verbose=False)
    options = recourse.recommend(FEATURES.head(60)).rows
    assert len(options) > 20
    assert (model.predict_proba(options)[:, 1] > 0.499).all()


def test_one_tensor_of_all_columns(skl2onnx: Any, tmp_path: Path) -> None:
    numbers = FEATURES.drop(columns="home")
    kind = skl2onnx.common.data_types.FloatTensorType([None, numbers.shape[1]])
    model = LogisticRegression(max_iter=2000).fit(numbers / 1000, TABLE["approved"])
    graph = skl2onnx.convert_sklearn(model, initial_types=[("rows", kind)])
    (tmp_path / "model.onnx").write_bytes(graph.SerializeToString())
    found = load_model(str(tmp_path / "model.onnx"))
    np.testing.assert_allclose(
        found.predict_proba(numbers / 1000), model.predict_proba(numbers / 1000), atol=1e-5
    )
    with pytest.raises(InputError, match="takes 4 columns in one tensor, the rows have 5"):
        found(FEATURES)
    with pytest.raises(InputError, match="takes numbers for"):
        found(FEATURES.drop(columns="age"))


def test_a_regressor_is_a_function(skl2onnx: Any, tmp_path: Path) -> None:
    model = pipeline(TABLE.drop(columns="approved"), "income", GradientBoostingRegressor(n_estimators=5))
    kinds = [(name, kind) for name, kind in column_types(skl2onnx) if name != "income"]
    graph = skl2onnx.convert_sklearn(model, initial_types=kinds)
    (tmp_path / "model.onnx").write_bytes(graph.SerializeToString())
    found = load_model(str(tmp_path / "model.onnx"))
    assert not hasattr(found, "predict_proba")
    rows = FEATURES.drop(columns="income")
    np.testing.assert_allclose(found(rows).ravel(), model.predict(rows), rtol=1e-4)


def test_gaps_and_damage_are_told(skl2onnx: Any, tmp_path: Path) -> None:
    kinds = skl2onnx.common.data_types
    whole = pd.DataFrame({"age": TABLE["age"]})
    model = LogisticRegression().fit(whole, TABLE["approved"])
    graph = skl2onnx.convert_sklearn(model, initial_types=[("age", kinds.Int64TensorType([None, 1]))])
    path = tmp_path / "model.onnx"
    path.write_bytes(graph.SerializeToString())
    found = load_model(str(path))
    np.testing.assert_allclose(found.predict_proba(whole), model.predict_proba(whole), atol=1e-5)
    with pytest.raises(InputError, match=r"\['age'\] have gaps"):
        found(whole.astype(float).where(whole > 30))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(str(path))


@pytest.mark.parametrize(
    ("kind", "cells", "told"),
    [
        ("INT64", [1.0, 2.5], "whole numbers of 64 bits for 'x', .*2.5"),
        ("INT64", [3.0, np.inf], "whole numbers .*inf"),
        ("INT32", [7, 2**40], "whole numbers of 32 bits for 'x', .*1099511627776"),
        ("BOOL", ["False", "True"], "takes numbers for"),
        ("BOOL", [0, 5], "takes flags for 'x', .*5"),
        ("INT64", [2**53 + 1, -3], None),
        ("INT64", [True, False], None),
        ("BOOL", [1.0, 0.0], None),
    ],
)
def test_no_cell_is_cut_for_an_input_that_cannot_hold_it(
    kind: str, cells: list[Any], told: str | None, tmp_path: Path
) -> None:
    """The model would be asked about another row than the one that is sent."""
    helper, of = pytest.importorskip("onnx.helper"), pytest.importorskip("onnx").TensorProto
    taken = helper.make_tensor_value_info("x", getattr(of, kind), [None, 1])
    given = helper.make_tensor_value_info("h", of.DOUBLE, [None, 1])
    cast = helper.make_node("Cast", ["x"], ["h"], to=of.DOUBLE)
    graph = helper.make_graph([cast], "as it is", [taken], [given])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    pytest.importorskip("onnxruntime")
    found = load_model(str(tmp_path / "model.onnx"))
    rows = pd.DataFrame({"x": cells})
    if told is None:
        assert found(rows).ravel().tolist() == [float(cell) for cell in cells]
        return
    with pytest.raises(InputError, match=told):
        found(rows)
