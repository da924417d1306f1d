"""Every recourse method by name: this package's, CARLA's, and those that installed packages register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carla_genre.blackbox import BlackBox
from carla_genre.errors import InputError
from carla_genre.loading import load_object, method_entry_points
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
    origin : str
        Whose code it is: "carla-genre", "CARLA", or the distribution that registers it.
    backends : tuple of str
        The classifiers' backends that it takes; ("any",) for a method that only asks h, and for another package's.
    packages : tuple of str
        What has to be installed besides.
    """

    name: str
    origin: str
    backends: tuple[str, ...] = ("any",)
    packages: tuple[str, ...] = ()


_NNR = "carla_genre.methods.baselines.nearest:NearestNeighbor"
# Where this package's methods are, and the hyperparameters that the name stands for.
_OWN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "GenRe": ("carla_genre.methods.genre.method:GenRe", {}),
    "NNR": (_NNR, {"accepted": "predicted"}),
    "NNR-gamma": (_NNR, {"accepted": "confident"}),
    "NNR-D_h+": (_NNR, {"accepted": "labelled"}),
    "NNR+Score": (_NNR, {"selection": "expected"}),
    "ROAR": ("carla_genre.methods.baselines.roar:ROAR", {}),
    "PROBE": ("carla_genre.methods.baselines.probe:PROBE", {}),
    "TAP": ("carla_genre.methods.baselines.tap.method:TAP", {}),
    "Unconditional": ("carla_genre.methods.baselines.unconditional:Unconditional", {}),
    "TabSyn+Q": ("carla_genre.methods.baselines.tabsyn.recourse:TabSynQ", {}),
    "TabSyn+SVDD": ("carla_genre.methods.baselines.tabsyn.recourse:TabSynSVDD", {}),
    "PAR": ("carla_genre.methods.baselines.par.method:PAR", {}),
    "CRUD-batched": ("carla_genre.methods.baselines.batched.crud:CRUD", {}),
    "Revise-batched": ("carla_genre.methods.baselines.batched.revise:Revise", {}),
    "Clue-batched": ("carla_genre.methods.baselines.batched.clue:Clue", {}),
    "DiCoFlex": ("carla_genre.methods.baselines.dicoflex:DiCoFlex", {}),
    "DiCE-constrained": ("carla_genre.methods.baselines.dice:DiCE", {}),
    "TreeCF": ("carla_genre.methods.baselines.treecf:TreeCF", {}),
    "NICE": ("carla_genre.methods.baselines.nice:NICE", {}),
    "RNCE": ("carla_genre.methods.baselines.rnce:RNCE", {}),
    "PROPLACE": ("carla_genre.methods.baselines.proplace:PROPLACE", {}),
    "ElliCE": ("carla_genre.methods.baselines.ellice:ElliCE", {}),
    "CopyFactual": ("carla_genre.methods.baselines.sanity:CopyFactual", {}),
    "RandomAccepted": ("carla_genre.methods.baselines.sanity:RandomAccepted", {}),
}
_BACKENDS = dict.fromkeys(("CRUD-batched", "Revise-batched", "Clue-batched"), ("pytorch",))
_PACKAGES = {
    "PAR": ("spflow",),
    "DiCoFlex": ("zuko",),
    "DiCE-constrained": ("dice_ml",),
    "TreeCF": ("treecf",),
}


def available_methods() -> dict[str, MethodInfo]:
    """All methods, whose modules are not imported for it.

    Returns
    -------
    dict of str to MethodInfo
        This package's methods, then CARLA's, then those that installed packages register as entry points of the group
        ``carla_genre.methods``.

    Raises
    ------
    InputError
        An installed package registers a name that is taken.
    """
    own = {
        name: MethodInfo(name, "carla-genre", _BACKENDS.get(name, ("any",)), _PACKAGES.get(name, ()))
        for name in _OWN
    }
    carla = {
        name: MethodInfo(name, "CARLA", tuple(entry.backends), tuple(entry.packages))
        for name, entry in CARLA_METHODS.items()
    }
    return {**own, **carla, **{name: MethodInfo(name, origin) for name, (origin, _) in _registered().items()}}


def build_method(
    name: str,
    mlmodel: BlackBox,
    hyperparams: Mapping[str, Any] | None = None,
    respect_constraints: bool = False,
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
    if name in CARLA_METHODS:
        method: RecourseMethod = CARLA_METHODS[name].build(mlmodel, hyperparams)
    else:
        cls, given = _found(name, hyperparams)
        method = cls(mlmodel, given)
    return RespectConstraints(method) if respect_constraints else method


def hyperparameters_of(name: str, hyperparams: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """All values that :func:`build_method` would build a method with, checked, without building it.

    None for a ``"module:Class"`` that does not say what it takes (it has no ``options_for``, as SchemaMethod has).

    Raises
    ------
    InputError
        There is no such method, or a hyperparameter is wrong.
    """
    if name in CARLA_METHODS:
        return check(CARLA_METHODS[name].options, hyperparams, name)
    cls, given = _found(name, hyperparams)
    return check(cls.options_for(given), given, name) if hasattr(cls, "options_for") else None


def _registered() -> dict[str, tuple[str, str]]:
    """What installed packages register: name -> distribution and ``"module:Class"``."""
    found: dict[str, tuple[str, str]] = {}
    for distribution, point in method_entry_points():
        taken = found.get(point.name, ("CARLA" if point.name in CARLA_METHODS else "carla-genre", ""))[0]
        if point.name in {*_OWN, *CARLA_METHODS, *found}:
            raise InputError(
                f"the package {distribution} registers the recourse method {point.name!r}, a name that {taken} has: "
                f"rename its entry point, or uninstall {distribution}"
            )
        found[point.name] = distribution, f"{point.module}:{point.attr}"
    return found


def _found(name: str, hyperparams: Mapping[str, Any] | None) -> tuple[Any, dict[str, Any]]:
    """The class of a method that is not CARLA's, and the hyperparameters with those that the name stands for."""
    path, implied = _OWN.get(name, (name, {}))
    if name not in _OWN and ":" not in name:
        registered = _registered()
        if name not in registered:
            known = [*_OWN, *CARLA_METHODS, *registered]
            raise InputError(f"no recourse method {name!r}: {suggestion(name, known)}")
        path = registered[name][1]
    if hyperparams is not None and not isinstance(hyperparams, Mapping):
        raise InputError(f"hyperparameters must be a dict, got {type(hyperparams).__name__}")
    cls = load_object(path, "recourse method")
    if not (isinstance(cls, type) and issubclass(cls, RecourseMethod)):
        raise InputError(f"{path!r} is no RecourseMethod class")
    return cls, {**implied, **(hyperparams or {})}
