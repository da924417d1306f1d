"""CARLA's own methods by name: what each takes, and how it is built with no hyperparameters given."""

from __future__ import annotations

import importlib.util
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.blackbox import BlackBox
from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.methods.carla import hyperparameters as known
from carla_genre.methods.carla.adapter import CarlaRecourse
from carla_genre.options import Option, check

from carla import recourse_methods
from carla.models.api import MLModel
from carla.recourse_methods.api import RecourseMethod

ANY = "any"
# The repository's head takes these two only, even for methods that only query the classifier.
_HEAD = hasattr(MLModel, "get_mutable_mask")
_QUERIES = ("pytorch", "tensorflow") if _HEAD else (ANY,)

Settings = dict[str, Any]


@dataclass(frozen=True)
class CarlaMethod:
    """One of CARLA's methods.

    Attributes
    ----------
    name : str
        Its class in ``carla.recourse_methods``.
    own_options : mapping
        What it takes beside threads, seed and verbose, with a default for each.
    backends : tuple of str
        The classifiers' backends that it takes; ``("any",)`` where it only queries h.
    packages : mapping
        What has to be installed besides: import name -> what to give pip.
    by_row : bool
        Whether it answers one factual at a time (see :class:`CarlaRecourse`).
    """

    name: str
    own_options: Mapping[str, Option]
    backends: tuple[str, ...]
    packages: Mapping[str, str] = field(default_factory=dict)
    by_row: bool = True
    # What a classifier must be beyond its backend, and how CARLA's class is called.
    check_classifier: Callable[[str, Any], None] = lambda name, mlmodel: None
    construct: Callable[[Any, Any, Settings], RecourseMethod] = lambda cls, h, given: cls(h, given)

    @property
    def options(self) -> dict[str, Option]:
        """All that it takes."""
        return {**known.SHARED, **self.own_options}

    def takes(self, backend: str) -> bool:
        """Whether it takes classifiers of that backend."""
        return ANY in self.backends or backend in self.backends

    def build(self, mlmodel: BlackBox, hyperparams: Mapping[str, Any] | None = None) -> CarlaRecourse:
        """CARLA's method for a classifier, with the hyperparameters that differ from the defaults.

        Raises
        ------
        InputError
            A hyperparameter is unknown or wrong, or the classifier is of another kind than the method takes.
        MissingDependencyError
            A package is not installed.
        """
        values = self.complete(mlmodel, hyperparams)
        self._check_backend(mlmodel)
        for package, install in self.packages.items():
            if importlib.util.find_spec(package) is None:
                raise MissingDependencyError(
                    f"{self.name} needs {package}, which is not installed. "
                    f"Install it with: pip install {install}"
                )
        self.check_classifier(self.name, mlmodel)
        method = getattr(recourse_methods, self.name)

        def construct() -> RecourseMethod:
            return self.construct(method, mlmodel, self.for_carla(values))

        return CarlaRecourse(self.name, mlmodel, values, construct, self.by_row)

    def complete(self, mlmodel: BlackBox, hyperparams: Mapping[str, Any] | None = None) -> Settings:
        """All hyperparameters, the defaults that depend on the data and on each other included."""
        values = check(self.options, hyperparams, self.name)
        copied: Settings = _copied(_completed(values, mlmodel))
        return copied

    def for_carla(self, values: Settings) -> Settings:
        """Of complete hyperparameters what CARLA's class is given; a None is left to it."""
        ours = set(known.SHARED) - {"seed"} if self.name == "Roar" else set(known.SHARED)
        return {key: _copied(value) for key, value in values.items() if key not in ours and value is not None}

    def _suits(self, backend: str, mlmodel: BlackBox) -> bool:
        try:
            self.check_classifier(self.name, mlmodel)
        except InputError:
            return False
        return self.takes(backend)

    def _check_backend(self, mlmodel: BlackBox) -> None:
        backend = getattr(mlmodel, "backend", None)
        if self.takes(str(backend)):
            return
        others = [name for name, method in CARLA_METHODS.items() if method._suits(str(backend), mlmodel)]
        raise InputError(
            f"{self.name} takes classifiers of backend {' or '.join(map(repr, self.backends))}, this one's is "
            f"{backend!r}. Of CARLA's methods {', '.join(others) or 'none'} take it, and of this package's all "
            "that need no gradient, as GenRe"
        )


def _completed(values: Settings, mlmodel: BlackBox) -> Settings:
    """The defaults that depend on the data or on each other."""
    if "data_name" in values and values["data_name"] is None:
        # CARLA names the file of an autoencoder after it.
        name = str(getattr(mlmodel.data, "name", None) or "data")
        values = {**values, "data_name": re.sub(r"[^\w.-]+", "_", name)}
    if "y_target" in values:
        values = {**values, "y_target": _target(values["y_target"], values["loss_type"])}
    if values.get("feature_cost") is not None:
        cost, order = _numbers("feature_cost", values["feature_cost"]), list(mlmodel.feature_input_order)
        if cost.shape != (len(order),):
            raise InputError(
                f"feature_cost must be a number for each of the classifier's {len(order)} columns {order}, got an "
                f"array of shape {cost.shape}"
            )
        values = {**values, "feature_cost": cost}
    return values


def _target(given: Any, loss: str) -> list[Any]:
    """The accepted class: probabilities of both with BCE, with MSE a logit or a probability; the default of None."""
    wanted = [0, 1] if loss == "BCE" else [1]
    if given is None:
        return wanted
    target = _numbers("y_target", given)
    if target.shape != (len(wanted),):
        raise InputError(
            f"y_target must be a list of {len(wanted)} for loss_type {loss!r}, as {wanted}, got {given!r}"
        )
    if target[-1] <= 0 or (loss == "BCE" and (np.abs(target - 0.5) > 0.5).any()):
        raise InputError(f"y_target must be the accepted class, as {wanted}, got {given!r}")
    return list(given)


def _numbers(name: str, given: Any) -> np.ndarray:
    """A list as finite numbers; InputError, which names it, for another one."""
    try:
        numbers = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if not np.isfinite(numbers).all():
        raise InputError(f"{name} must be a list of finite numbers, got {given!r}")
    return numbers


def _copied(value: Any) -> Any:
    """Dicts and lists anew, what they hold as it is: a causal model in them is not copied."""
    if isinstance(value, Mapping):
        return {key: _copied(part) for key, part in value.items()}
    return list(value) if isinstance(value, list | tuple) else value


def _with_coefficients(method: Any, mlmodel: BlackBox, settings: Settings) -> RecourseMethod:
    coefficients = {name: settings.pop(name) for name in ("coeffs", "intercepts") if name in settings}
    built: RecourseMethod = method(mlmodel, settings, **coefficients)
    return built


def _with_causal_model(method: Any, mlmodel: BlackBox, settings: Settings) -> RecourseMethod:
    from carla.recourse_methods.catalog.causal_recourse import constraints, samplers

    scm = settings.get("scm", getattr(mlmodel.data, "scm", None))
    if scm is None:
        raise InputError(
            "CausalRecourse needs the structural causal model of the data: pass it as hyperparameter 'scm', or "
            'take data that have one, as carla.data.causal_model.CausalModel("sanity-3-lin").generate_dataset(1000)'
        )
    defaults = {
        "constraint_handle": constraints.point_constraint,
        "sampler_handle": samplers.sample_true_m0,
    }
    built: RecourseMethod = method(mlmodel, {**defaults, **settings, "scm": scm})
    return built


class _InGraph(RecourseMethod):
    """A method that computes in a graph of TensorFlow 1, which is entered for each call."""

    def __init__(self, method: Any, mlmodel: BlackBox, settings: Settings) -> None:
        import tensorflow

        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        # The autoencoder's rows are shuffled by TensorFlow's own random state, which can be set but not read.
        tensorflow.random.set_seed(random.randrange(2**31))
        self._graph = tensorflow.Graph()
        with self._graph.as_default():
            session = tensorflow.compat.v1.Session(graph=self._graph)
            self.method = method(session, mlmodel, settings)

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        with self._graph.as_default():
            return self.method.get_counterfactuals(factuals)


def _forest(name: str, mlmodel: BlackBox) -> None:
    if getattr(mlmodel, "tree_iterator", None) is None:
        raise InputError(
            f"{name} reads the trees of a forest of CARLA's, as MLModelCatalog(data, 'forest', backend='sklearn')"
        )


_PYTORCH = ("pytorch",)
_FORESTS = ("sklearn", "xgboost")
_LIME = {"lime": "'carla-genre[lime]'"}
_TENSORFLOW = {"tensorflow": "'carla-genre[tensorflow]'"}

_METHODS = [
    CarlaMethod("Wachter", known.WACHTER, _PYTORCH),
    CarlaMethod("GrowingSpheres", known.GROWING_SPHERES, _QUERIES),
    CarlaMethod("Dice", known.DICE, _QUERIES, {"dice_ml": "'carla-genre[dice]'"}),
    CarlaMethod("Face", known.FACE, _QUERIES),
    CarlaMethod("Revise", known.REVISE, _PYTORCH, construct=lambda cls, h, given: cls(h, h.data, given)),
    CarlaMethod("CCHVAE", known.CCHVAE_OF_THE_HEAD if _HEAD else known.CCHVAE, _PYTORCH),
    CarlaMethod("CRUD", known.CRUD, _PYTORCH),
    CarlaMethod("Clue", known.CLUE, _PYTORCH, construct=lambda cls, h, given: cls(h.data, h, given)),
    CarlaMethod(
        "ActionableRecourse",
        known.ACTIONABLE_RECOURSE,
        _QUERIES,
        {"recourse": "recourse", **_LIME},
        construct=_with_coefficients,
    ),
    CarlaMethod("FeatureTweak", known.FEATURE_TWEAK, _FORESTS, check_classifier=_forest),
    CarlaMethod("FOCUS", known.FOCUS, _FORESTS, _TENSORFLOW, by_row=False, check_classifier=_forest),
    CarlaMethod("CausalRecourse", known.CAUSAL_RECOURSE, _QUERIES, construct=_with_causal_model),
    CarlaMethod("CEM", known.CEM, ("tensorflow",), _TENSORFLOW, construct=_InGraph),
    *(
        [CarlaMethod("Roar", known.ROAR, _PYTORCH, _LIME, by_row=False, construct=_with_coefficients)]
        if hasattr(recourse_methods, "Roar")
        else []
    ),
]

#: Name -> how it is built, for all methods of the CARLA that is installed.
CARLA_METHODS: Mapping[str, CarlaMethod] = {method.name: method for method in _METHODS}
