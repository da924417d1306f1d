"""The classifiers that recourse can be measured for: the paper's network, three others, and one's own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.utils.class_weight import compute_sample_weight

from carla_genre.blackbox import BlackBox
from carla_genre.errors import InputError
from carla_genre.loading import load_object
from carla_genre.protocol.cache import content_key, kept
from carla_genre.protocol.classifier import (
    HIDDEN,
    ProtocolClassifier,
    SklearnClassifier,
    TwoClasses,
    fit_network,
    initial_network,
)
from carla_genre.suggestions import did_you_mean

from carla.models.api import MLModel

if TYPE_CHECKING:
    from carla_genre.datasets.catalog import FrameCatalog


class Network(NamedTuple):
    """The sizes of the hidden layers, and the step of the training."""

    hidden: tuple[int, ...]
    learning_rate: float


# The paper's step is too small for one layer: on COMPAS and HELOC it ends .03 to .04 away from the logistic regression
# that it should come to (mean difference of the probabilities on test rows), and ten times the step .005 to .01.
NETWORKS: Mapping[str, Network] = {"ann": Network(HIDDEN, 1e-3), "linear": Network((), 1e-2)}

# Grown to the last leaf, as by default, a forest repeats the drawn label of 95 to 100 of 100 training rows, and a
# method that learns from these would take chance for knowledge. At depth 8 its accuracy on test rows is as high (COMPAS
# .70, HELOC .81, Adult .79; Adult's loses .01), and on training rows only .01 to .06 higher.
FOREST_DEPTH = 8

# Name -> the untrained classifier of a random state.
TREES: Mapping[str, Callable[[int], ClassifierMixin]] = {
    "forest": lambda seed: RandomForestClassifier(max_depth=FOREST_DEPTH, random_state=seed),
    "boosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
}
CLASSIFIERS = (*NETWORKS, *TREES)
PAPER_CLASSIFIER = "ann"


class Trained(NamedTuple):
    """A classifier, and the seconds that its training took, also where it was read from the folder."""

    mlmodel: MLModel
    seconds: float


def train_by_name(
    name: str,
    data: FrameCatalog,
    columns: Sequence[str],
    balanced: bool,
    seed: int,
    folder: str | os.PathLike[str] | None = None,
    epochs: int = 100,
    verbose: bool = False,
) -> Trained:
    """Train a classifier on ``data.df_train``, or read it from where it was kept.

    Parameters
    ----------
    name : str
        ``"ann"``, the paper's network; ``"linear"``, one layer, trained alike in longer steps; ``"forest"``, of depth
        8, and ``"boosting"``, otherwise with scikit-learn's defaults; or ``"module:function"`` for one's own,
        called as ``function(data, columns, balanced, seed)``, which returns a carla ``MLModel`` on that data and those
        columns.
    data : FrameCatalog
    columns : sequence of str
        The inputs.
    balanced : bool
        Weigh the classes equally.
    seed : int
        Of the initial weights, or of the trees' random state.
    folder : path, optional
        Where what is trained is kept, by content; one's own is not, as nothing says when its code has changed.
    epochs : int
        Of a network.
    verbose : bool
        Show a bar.

    Raises
    ------
    InputError
        There is no such classifier, or one's own is not what the protocol needs.
    """

    def fit() -> tuple[Any, float]:
        start = time.perf_counter()
        if name in TREES:
            model = fit_trees(name, data, columns, balanced, seed)
        elif name in NETWORKS:
            hidden, rate = NETWORKS[name]
            logit = initial_network(len(columns), seed, hidden)
            fit_network(logit, data, columns, balanced, epochs, learning_rate=rate, verbose=verbose)
            model = TwoClasses(logit)
        else:
            model = load_own(name)(data, list(columns), balanced, seed)
            _check_own(name, model, data, columns)
        return model, time.perf_counter() - start

    check_classifier(name)
    if name not in CLASSIFIERS:
        return Trained(*fit())
    key = content_key("h", data.df_train[[*columns, data.target]], name, balanced, seed, epochs)
    model, seconds = kept(folder, key, fit)
    interface = SklearnClassifier if name in TREES else ProtocolClassifier
    return Trained(interface(data, columns, model), seconds)


def fit_trees(name: str, data: Any, columns: Sequence[str], balanced: bool, seed: int) -> ClassifierMixin:
    """Train "forest" or "boosting" on ``data.df_train``, in single precision, as networks take the rows."""
    train = data.df_train
    labels = train[data.target].to_numpy()
    features = train[list(columns)].to_numpy(dtype=np.float32)
    weights = compute_sample_weight("balanced" if balanced else None, labels)
    return TREES[name](seed).fit(features, labels, sample_weight=weights)


def check_classifier(name: str) -> None:
    """Raise InputError unless there is a classifier of that name, or ``"module:function"`` can be called."""
    if name not in CLASSIFIERS:
        load_own(name)


def load_own(name: str) -> Callable[..., Any]:
    """The function behind ``"module:function"``."""
    if not isinstance(name, str) or ":" not in name:
        raise InputError(
            f"no classifier {name!r}.{did_you_mean(name, CLASSIFIERS)} There are {list(CLASSIFIERS)}, "
            "and your own as 'module:function'"
        )
    found: Callable[..., Any] = load_object(name, "classifier")
    if not callable(found):
        raise InputError(f"the classifier {name!r} cannot be called, it is {found!r}")
    return found


def _check_own(name: str, mlmodel: BlackBox, data: FrameCatalog, columns: Sequence[str]) -> None:
    if not isinstance(mlmodel, MLModel):
        raise InputError(
            f"the classifier {name!r} must give an MLModel of CARLA's, got {type(mlmodel).__name__}"
        )
    if mlmodel.data is not data:
        raise InputError(
            f"the classifier {name!r} must keep the data that it is given: methods learn from them"
        )
    if sorted(mlmodel.feature_input_order) != sorted(columns):
        raise InputError(
            f"the classifier {name!r} must take the columns {list(columns)}, it takes "
            f"{list(mlmodel.feature_input_order)}"
        )
