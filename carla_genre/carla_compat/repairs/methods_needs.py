"""What a method of CARLA's cannot do without, said when it is built, with a method that can."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

from carla_genre.carla_compat.registry import around, bound, repair
from carla_genre.errors import InputError, MissingDependencyError

_CATALOG = "carla.recourse_methods.catalog"


class Need(NamedTuple):
    """One method: its class, the backends that it takes (none: any), why, and what to use instead."""

    name: str
    backends: tuple[str, ...]
    why: str
    instead: str


_ANY_BACKEND = "GrowingSpheres, Dice and Face take classifiers of any backend"
_GRADIENT = "it follows the gradient of a pytorch network or hands it tensors"
_TREES = "it reads the trees of a forest"
_FORESTS = ("sklearn", "xgboost")
_KERAS = "it puts a Keras network into a graph of its own"

_NEEDS = {
    **{
        f"{_CATALOG}.{name.lower()}.model": Need(name, ("pytorch",), _GRADIENT, _ANY_BACKEND)
        for name in ("CCHVAE", "Clue", "CRUD", "Revise", "Wachter")
    },
    f"{_CATALOG}.feature_tweak.model": Need("FeatureTweak", _FORESTS, _TREES, _ANY_BACKEND),
    f"{_CATALOG}.focus.model": Need(
        "FOCUS", _FORESTS, _TREES, f"FeatureTweak needs no TensorFlow; {_ANY_BACKEND}"
    ),
    f"{_CATALOG}.cem.model": Need(
        "CEM", ("tensorflow",), _KERAS, f"Wachter and Revise explain pytorch networks; {_ANY_BACKEND}"
    ),
    f"{_CATALOG}.actionable_recourse.model": Need("ActionableRecourse", (), "", _ANY_BACKEND),
}


def _classifier(build: Any, *args: Any, **kwargs: Any) -> Any:
    """The argument that is the classifier, wherever it stands; None where it is missing."""
    try:
        return bound(build, None, *args, **kwargs).get("mlmodel")
    except TypeError:  # build says what is wrong with the arguments
        return None


@repair(*_NEEDS)
def wrong_backend_is_no_help(module: ModuleType) -> bool:
    """A method that needs one kind of classifier fails deep inside with another: it says so when it is built."""
    need = _NEEDS[module.__name__]
    if not need.backends:
        return False

    @around(getattr(module, need.name), "__init__")
    def __init__(build: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        mlmodel = _classifier(build, *args, **kwargs)
        backend = getattr(mlmodel, "backend", None)
        if backend is not None and backend not in need.backends:
            raise InputError(
                f"{need.name} takes classifiers of backend {' or '.join(need.backends)}, because {need.why}; this "
                f"one's backend is {backend!r}. {need.instead}"
            )
        if need.why == _TREES and mlmodel is not None and getattr(mlmodel, "tree_iterator", None) is None:
            raise InputError(
                f"{need.name} takes forests, because {need.why}; this classifier has none. {need.instead}"
            )
        build(self, *args, **kwargs)

    return True


@repair(*_NEEDS)
def absent_package_is_no_help(module: ModuleType) -> bool:
    """The error about an absent package names the command, but not the methods that do without it: both are named."""
    need = _NEEDS[module.__name__]

    @around(getattr(module, need.name), "__init__")
    def __init__(build: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            build(self, *args, **kwargs)
        except MissingDependencyError as error:
            raise MissingDependencyError(f"{error}. Instead: {need.instead}") from error

    return True
