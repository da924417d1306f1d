"""How a recourse method reads its hyperparameters."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

from carla_genre.carla_compat.registry import around, repair
from carla_genre.suggestions import suggestion


@repair("carla.recourse_methods.processing.counterfactuals")
def merging_defaults_shares_and_drops(module: ModuleType) -> bool:
    """`merge_default_parameters` changes the caller's dict, hands out the class's own and drops unknown keys silently.

    It works on copies now. An unknown key is named in a warning, with the nearest known one; it is no error, because
    existing scripts pass such keys.
    """
    if not _shares(module.merge_default_parameters):
        return False

    @around(module, "merge_default_parameters")
    def merge_default_parameters(original: Any, hyperparams: dict | None, default: dict) -> dict:
        given = _copied({} if hyperparams is None else hyperparams)
        for key, known in _unknown_keys(given, default):
            hint = suggestion(key, sorted(known))
            warnings.warn(f"unknown hyperparameter {key!r} is ignored: {hint}", UserWarning, stacklevel=3)
        return original(given, _copied(default))

    return True


def _shares(merge: Any) -> bool:
    default: dict[str, Any] = {"group": {"list": [1]}}
    given: dict[str, Any] = {}
    merged = merge(given, default)
    return bool(given) or merged["group"]["list"] is default["group"]["list"]


def _copied(value: Any) -> Any:
    """Dicts and lists anew, what they hold as it is: a model or a tensor in them is not copied."""
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return value


def _unknown_keys(given: dict, default: dict) -> list[tuple[str, list[str]]]:
    unknown = [(str(key), [str(name) for name in default]) for key in given if key not in default]
    for key, part in default.items():
        if isinstance(part, dict) and isinstance(given.get(key), dict):
            unknown += _unknown_keys(given[key], part)
    return unknown
