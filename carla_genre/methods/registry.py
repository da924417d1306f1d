"""Every recourse method by name: this package's and CARLA's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from carla_genre.errors import InputError
from carla_genre.loading import load_object
from carla_genre.methods.carla import CARLA_METHODS
from carla_genre.methods.carla.respecting import RespectConstraints
from carla_genre.options import check
from carla_genre.suggestions import suggestion

from carla.recourse_methods.api import RecourseMethod


@dataclass(frozen=True)
class MethodInfo:
    """What is known of a method before it is built.

    Attributes
    ----------
    name : str
        What ``build_method`` calls it.
    origin : {"carla-genre", "CARLA"}
        Whose code it is.
    backends : tuple of str
        The classifiers' backends that it takes; ("any",) for a method that only asks h.
    packages : tuple of str
        What has to be installed besides.
    """

    name: str
    origin: str
    backends: tuple[str, ...] = ("any",)
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Own:
    """A method of this package: where it is, and the hyperparameters that its name stands for."""

    path: str
    hyperparams: Mapping[str, Any] = field(default_factory=dict)
    packages: tuple[str, ...] = ()

    def build(self, mlmodel: Any, hyperparams: Mapping[str, Any] | None) -> RecourseMethod:
        if hyperparams is not None and not isinstance(hyperparams, Mapping):
            raise InputError(f"hyperparameters must be a dict, got {type(hyperparams).__name__}")
        return _load(self.path)(mlmodel, {**self.hyperparams, **(hyperparams or {})})


_OWN: Mapping[str, _Own] = {
    "GenRe": _Own("carla_genre.methods.genre.method:GenRe"),
    "NNR": _Own("carla_genre.methods.baselines.nearest:NearestNeighbor", {"accepted": "predicted"}),
    "NNR-gamma": _Own("carla_genre.methods.baselines.nearest:NearestNeighbor", {"accepted": "confident"}),
    "NNR-D_h+": _Own("carla_genre.methods.baselines.nearest:NearestNeighbor", {"accepted": "labelled"}),
    "NNR+Score": _Own("carla_genre.methods.baselines.nearest:NearestNeighbor", {"selection": "expected"}),
    "ROAR": _Own("carla_genre.methods.baselines.roar:ROAR"),
    "PROBE": _Own("carla_genre.methods.baselines.probe:PROBE"),
    "TAP": _Own("carla_genre.methods.baselines.tap.method:TAP"),
    "Unconditional": _Own("carla_genre.methods.baselines.unconditional:Unconditional"),
    "TabSyn+Q": _Own("carla_genre.methods.baselines.tabsyn.recourse:TabSynQ"),
    "TabSyn+SVDD": _Own("carla_genre.methods.baselines.tabsyn.recourse:TabSynSVDD"),
    "PAR": _Own("carla_genre.methods.baselines.par.method:PAR", packages=("spflow",)),
    "CopyFactual": _Own("carla_genre.methods.baselines.sanity:CopyFactual"),
    "RandomAccepted": _Own("carla_genre.methods.baselines.sanity:RandomAccepted"),
}


def available_methods() -> dict[str, MethodInfo]:
    """Name -> what is known of it: this package's methods, then CARLA's."""
    own = {name: MethodInfo(name, "carla-genre", packages=entry.packages) for name, entry in _OWN.items()}
    carla = {
        name: MethodInfo(name, "CARLA", tuple(entry.backends), tuple(entry.packages))
        for name, entry in CARLA_METHODS.items()
    }
    return {**own, **carla}


def build_method(
    name: str, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None, respect_constraints: bool = False
) -> RecourseMethod:
    """Build any method.

    Parameters
    ----------
    name : str
        One of :func:`available_methods`, or ``"module:Class"`` for a RecourseMethod of your own.
    mlmodel : carla.models.api.MLModel
        The classifier.
    hyperparams : mapping, optional
        The method's own; what is not given has the paper's value where the paper gives one.
    respect_constraints : bool
        Put back what may not change and ask h again
        (:class:`carla_genre.methods.carla.respecting.RespectConstraints`). The methods of this package hold the
        constraints without it.

    Raises
    ------
    InputError
        There is no such method, a hyperparameter is wrong, or the method does not take this classifier.
    MissingDependencyError
        The method needs a package that is not installed.
    """
    if name in _OWN:
        method = _OWN[name].build(mlmodel, hyperparams)
    elif name in CARLA_METHODS:
        method = CARLA_METHODS[name].build(mlmodel, hyperparams)
    elif ":" in name:
        method = _load(name)(mlmodel, hyperparams)
    else:
        raise _unknown(name)
    return RespectConstraints(method) if respect_constraints else method


def hyperparameters_of(name: str, hyperparams: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """All values that a method would be built with, checked, without building it.

    Parameters
    ----------
    name, hyperparams
        As :func:`build_method` takes them.

    Returns
    -------
    dict or None
        None for a ``"module:Class"`` that does not say what it takes (it has no ``options_for``, as SchemaMethod has).

    Raises
    ------
    InputError
        There is no such method, or a hyperparameter is wrong.
    """
    if name in CARLA_METHODS:
        return check(CARLA_METHODS[name].options, hyperparams, name)
    own = _OWN.get(name)
    if own is None and ":" not in name:
        raise _unknown(name)
    method = _load(own.path if own else name)
    if not hasattr(method, "options_for"):
        return None
    given = {**(own.hyperparams if own else {}), **(hyperparams or {})}
    return check(method.options_for(given), given, name)


def _unknown(name: str) -> InputError:
    return InputError(f"no recourse method {name!r}: {suggestion(name, [*_OWN, *CARLA_METHODS])}")


def _load(path: str) -> Any:
    """The class behind ``"module:Class"``."""
    found = load_object(path, "recourse method")
    if not (isinstance(found, type) and issubclass(found, RecourseMethod)):
        raise InputError(f"{path!r} is no RecourseMethod class")
    return found
