"""Forests pickled by old versions of scikit-learn and xgboost are read, and predict what they did."""

from __future__ import annotations

import io
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import _tree

import carla_genre
from carla_genre.carla_compat import old_forests

from carla.models.catalog import load_model

RNG = np.random.default_rng(0)
ROWS = RNG.random((200, 3))
LABELS = (ROWS[:, 0] + ROWS[:, 1] ** 2 > 0.8).astype(int)


class OldPickler(pickle.Pickler):
    """Pickles a tree of scikit-learn as version 0.23 did: counts in the leaves, no field for missing values."""

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, _tree.Tree):
            return NotImplemented
        build, arguments, state = value.__reduce__()
        names = [name for name in state["nodes"].dtype.names if name != "missing_go_to_left"]
        nodes = np.zeros(len(state["nodes"]), dtype=[(name, state["nodes"].dtype[name]) for name in names])
        for name in names:
            nodes[name] = state["nodes"][name]
        counts = state["values"] * state["nodes"]["weighted_n_node_samples"][:, None, None]
        return build, arguments, {**state, "nodes": nodes, "values": counts}


@pytest.fixture
def sklearn_file(tmp_path: Path) -> tuple[Path, np.ndarray]:
    forest = RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0).fit(ROWS, LABELS)
    expected = forest.predict_proba(ROWS)
    old_names = {"base_estimator": forest.estimator, "base_estimator_": forest.estimator_}
    for name in ("estimator", "estimator_", "monotonic_cst"):
        del vars(forest)[name]
    vars(forest).update(old_names)
    for tree in forest.estimators_:
        del vars(tree)["monotonic_cst"]
        vars(tree)["n_features_"] = vars(tree).pop("n_features_in_")
    path = tmp_path / "people" / "forest.skjoblib"
    path.parent.mkdir()
    with path.open("wb") as file:
        OldPickler(file).dump(forest)
    return path, expected


@pytest.fixture
def xgboost_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, np.ndarray]:
    xgboost = pytest.importorskip("xgboost")
    classifier = xgboost.XGBClassifier(n_estimators=4, max_depth=3).fit(ROWS, LABELS)
    snapshot = {"Config": {}, "Model": json.loads(bytes(classifier.get_booster().save_raw("json")))}
    state = {
        "_le": _Old("xgboost.compat", "XGBoostLabelEncoder", {"classes_": np.array([0, 1])}),
        "n_estimators": 4,
        "max_depth": 3,
        "use_label_encoder": True,
        "objective": "binary:logistic",
        "_Booster": _Old("xgboost.core", "Booster", {"handle": bytearray(json.dumps(snapshot).encode())}),
    }
    path = tmp_path / "people" / "forest.xgjoblib"
    path.parent.mkdir()
    path.write_bytes(_pickled(_Old("xgboost.sklearn", "XGBClassifier", state), monkeypatch))
    return path, classifier.predict_proba(ROWS)


class _Old:
    """Is pickled as an object of another class, which need not exist today, with a given state."""

    def __init__(self, module: str, name: str, state: dict[str, Any]) -> None:
        self.module, self.name, self.state = module, name, state


def _pickled(value: _Old, monkeypatch: pytest.MonkeyPatch) -> bytes:
    buffer = io.BytesIO()

    class Pickler(pickle.Pickler):
        def reducer_override(self, value: Any) -> Any:
            if not isinstance(value, _Old):
                return NotImplemented
            substitute = type(value.name, (), {"__module__": value.module, "__qualname__": value.name})
            monkeypatch.setattr(sys.modules[value.module], value.name, substitute, raising=False)
            return substitute, (), value.state

    Pickler(buffer).dump(value)
    monkeypatch.undo()
    return buffer.getvalue()


def online(path: Path) -> Any:
    """Load the file as CARLA loads a published classifier."""
    return load_model.load_online_model(
        "forest", "people", path.suffix[1:], models_home=str(path.parent.parent)
    )


def test_a_forest_of_scikit_learn_023_is_read(sklearn_file: tuple[Path, np.ndarray]) -> None:
    path, expected = sklearn_file
    with pytest.raises(ValueError, match="incompatible dtype"):
        joblib.load(path)
    forest = online(path)
    assert np.allclose(forest.predict_proba(ROWS), expected)
    assert forest.n_features_in_ == 3
    again = pickle.loads(pickle.dumps(forest))
    assert np.array_equal(again.predict_proba(ROWS), forest.predict_proba(ROWS))
    assert all(type(tree.tree_) is _tree.Tree for tree in forest.estimators_)
    assert forest.get_params().keys() == RandomForestClassifier().get_params().keys()
    assert forest.fit(ROWS, LABELS).score(ROWS, LABELS) > 0.8


def test_a_forest_of_xgboost_14_is_read(xgboost_file: tuple[Path, np.ndarray]) -> None:
    import xgboost

    path, expected = xgboost_file
    with pytest.raises(AttributeError, match="XGBoostLabelEncoder"):
        joblib.load(path)
    forest = online(path)
    assert type(forest) is xgboost.XGBClassifier
    assert np.allclose(forest.predict_proba(ROWS), expected)
    assert forest.get_params()["max_depth"] == 3
    assert not hasattr(xgboost.compat, "XGBoostLabelEncoder")


def test_a_forest_of_today_is_read_as_ever(tmp_path: Path) -> None:
    forest = RandomForestClassifier(n_estimators=2, random_state=0).fit(ROWS, LABELS)
    joblib.dump(forest, tmp_path / "forest.skjoblib")
    assert np.array_equal(
        old_forests.load(tmp_path / "forest.skjoblib").predict_proba(ROWS), forest.predict_proba(ROWS)
    )


def test_what_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "people" / "forest.skjoblib"
    path.parent.mkdir()
    path.write_bytes(b"no pickle")
    with pytest.raises(carla_genre.CarlaGenreError, match=r"forest\.skjoblib .* train one: MLModelCatalog"):
        online(path)


def test_a_missing_file_is_not_called_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        old_forests.load(tmp_path / "absent")


CODE = """
    import contextlib, io, json, os
    from pathlib import Path
    import joblib
    import carla_genre
    from carla_genre.datasets.adult import load_adult

    home = Path(os.environ["CF_MODELS"])
    for part, frame in zip(("", "_train", "_test"), load_adult()):
        frame.iloc[::40].to_csv(home / f"adult{part}.csv", index=False)
    os.environ["CF_DATA"] = str(home)
    with contextlib.redirect_stdout(io.StringIO()):
        from xgboost import XGBClassifier
        from carla.data.catalog import OnlineCatalog
        from carla.models.catalog import MLModelCatalog, load_model

        data = OnlineCatalog("adult")
        order = ["age", "fnlwgt", "education-num", "capital-gain", "hours-per-week", "capital-loss"]
        forest = XGBClassifier(n_estimators=2).fit(data.df_train[order], data.df_train["income"])
        (home / "adult").mkdir()
        joblib.dump(forest, home / "adult" / "forest.xgjoblib")
        answers = []
        try:
            model = MLModelCatalog(data, "forest", "xgboost")
            expected = forest.predict_proba(data.df_test[order])
            answers.append(bool((model.predict_proba(data.df_test) == expected).all()))
        except ValueError as error:
            answers.append(str(error)[:21])
        try:
            load_model.load_online_model("forest", "people", "skjoblib")
            answers.append(True)
        except ValueError as error:
            answers.append(str(error)[:21])
    print(json.dumps(answers))
"""
REPAIRS = ("old_forests_do_not_unpickle", "published_forest_has_another_order")


@pytest.mark.parametrize(
    ("disable", "expected"),
    [((), [True, True]), (REPAIRS, ["feature_names mismatc", "node array from the p"])],
    ids=["repaired", "unrepaired"],
)
def test_both_repairs_are_needed(
    sklearn_file: tuple[Path, np.ndarray],
    run_python: Any,
    monkeypatch: pytest.MonkeyPatch,
    disable: tuple[str, ...],
    expected: list[Any],
) -> None:
    pytest.importorskip("xgboost")
    monkeypatch.setenv("CF_MODELS", str(sklearn_file[0].parent.parent))
    assert run_python(CODE, disable=disable, warm=True) == expected
