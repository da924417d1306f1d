"""Forests that scikit-learn 0.23 and xgboost 1.4 pickled, as CARLA's published ones, read by today's versions.

The trees themselves are all in the files; only what surrounds them has changed. Nothing of scikit-learn, xgboost or
joblib is changed for anybody else.
"""

from __future__ import annotations

import json
import os
import pickle
import warnings
from typing import Any

import joblib
import numpy as np
from joblib.numpy_pickle import NumpyUnpickler

from carla_genre.errors import InputError

_XGBOOST_CLASSES = {"XGBClassifier", "Booster", "XGBoostLabelEncoder"}


def load(filename: str | os.PathLike[str], *args: Any, **options: Any) -> Any:
    """Do what ``joblib.load`` does, also for a forest of an older scikit-learn or xgboost."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Trying to unpickle estimator")
        try:
            return joblib.load(filename, *args, **options)
        except FileNotFoundError:
            raise
        except Exception as failure:  # their errors have no class of their own
            try:
                return _load_old(filename)
            except Exception as cause:
                raise InputError(
                    f"{os.fspath(filename)} holds a classifier that the installed versions cannot read ({failure}). "
                    f"Remove it and train one: MLModelCatalog(..., load_online=False) and train(..., "
                    f"force_train=True)"
                ) from cause


def _load_old(filename: str | os.PathLike[str]) -> Any:
    with open(filename, "rb") as file:
        found = _unpickler(os.fspath(filename), file).load()
    return _as_xgboost_reads_it(found) if isinstance(found, _State) else _with_new_parameters(found)


def _unpickler(filename: str, file: Any) -> NumpyUnpickler:
    """An unpickler that gives substitutes for the classes whose contents have changed."""

    class OldForestUnpickler(NumpyUnpickler):  # type: ignore[misc]  # joblib has no types
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) == ("sklearn.tree._tree", "Tree"):
                return _tree_class()
            if module.startswith("xgboost."):
                return _State if name in _XGBOOST_CLASSES else super().find_class(module, name)
            return super().find_class(module, name)

    try:
        return OldForestUnpickler(filename, file, ensure_native_byte_order=True)
    except TypeError:  # joblib before 1.5
        return OldForestUnpickler(filename, file)


def _tree_class() -> Any:
    from sklearn.tree import _tree

    class OldTree(_tree.Tree):  # type: ignore[misc]  # scikit-learn has no types
        """A tree that reads the nodes of another version; it is pickled as a plain one."""

        def __setstate__(self, state: dict[str, Any]) -> None:
            old, expected = state["nodes"], _tree.NODE_DTYPE
            nodes = np.zeros(len(old), dtype=expected)
            for name in set(old.dtype.names) & set(expected.names):
                nodes[name] = old[name]
            values = state["values"]
            if "missing_go_to_left" not in old.dtype.names:  # before 1.3 a leaf had counts, since then shares
                values = values / values.sum(axis=2, keepdims=True)
            super().__setstate__({**state, "nodes": nodes, "values": values})

    return OldTree


def _with_new_parameters(forest: Any) -> Any:
    """Give an old forest, and each of its trees, what is set in a new one, as it is set there."""
    for estimator in (forest, *forest.estimators_):
        for name, value in vars(type(estimator)()).items():
            vars(estimator).setdefault(name, value)
        vars(estimator).setdefault("n_features_in_", vars(estimator).get("n_features_"))
    for tree in forest.estimators_:
        tree.tree_ = pickle.loads(pickle.dumps(tree.tree_))  # a plain one
    for name in ("base_estimator", "base_estimator_"):  # the names until scikit-learn 1.2
        vars(forest).pop(name, None)
    forest.estimator_ = forest.estimator
    return forest


class _State:
    """What was pickled of an object of xgboost, whatever it is."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = state


def _as_xgboost_reads_it(old: _State) -> Any:
    """A classifier of today's xgboost with the trees and the parameters of an old one."""
    import xgboost

    known = xgboost.XGBClassifier().get_params()
    parameters = {name: value for name, value in old.state.items() if name in known and value is not None}
    classifier = xgboost.XGBClassifier(**parameters)
    snapshot = json.loads(bytes(old.state["_Booster"].state["handle"]))
    with xgboost.config_context(verbosity=0):  # it warns of what is done here
        classifier.load_model(bytearray(json.dumps(snapshot["Model"]).encode()))
    return classifier
