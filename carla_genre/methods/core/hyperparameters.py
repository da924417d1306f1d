"""Hyperparameters with types and ranges, checked with errors that name them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from carla_genre.errors import InputError


@dataclass(frozen=True)
class Hyperparameter:
    """What a value may be.

    Parameters
    ----------
    default : object
        Its value when not given; None means "decided elsewhere" and is always allowed.
    kind : type or tuple of type
        An int is taken for a float, a bool never for a number.
    low, high : float, optional
        Range of a number, both ends included unless ``open_low`` or ``open_high``.
    choices : tuple, optional
        The values that are allowed.
    aliases : tuple of str
        Other names for it.
    group : mapping, optional
        The hyperparameters of a nested group.
    """

    default: Any
    kind: type | tuple[type, ...] = object
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[Any, ...] | None = None
    aliases: tuple[str, ...] = ()
    group: Mapping[str, Hyperparameter] | None = None


# What every method of this package takes.
COMMON: Mapping[str, Hyperparameter] = {
    "constraints": Hyperparameter(None, Mapping),  # type: ignore[type-abstract]
    "device": Hyperparameter("auto", str),
    "threads": Hyperparameter(1, int, low=0),
    "seed": Hyperparameter(0, int, low=0, high=2**63 - 1),
    "verbose": Hyperparameter(True, bool),
}


def check(known: Mapping[str, Hyperparameter], given: Mapping[str, Any] | None, owner: str) -> dict[str, Any]:
    """Defaults with the given values over them, as a new dict.

    Raises
    ------
    InputError
        An unknown name (with the nearest right one), a wrong type, a value out of range.
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"{owner}: hyperparameters must be a dict, got {type(given).__name__}")
    names = {alias: name for name, h in known.items() for alias in (name, *h.aliases)}
    values = {name: check(h.group, None, owner) if h.group else h.default for name, h in known.items()}
    seen: dict[str, str] = {}
    for key, value in (given or {}).items():
        name = names.get(key)
        if name is None:
            near = difflib.get_close_matches(str(key), names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {sorted(known)}"
            raise InputError(f"{owner} has no hyperparameter {key!r}: {hint}")
        if name in seen:
            raise InputError(f"{owner}: {key!r} and {seen[name]!r} are the same hyperparameter, give one")
        seen[name] = key
        values[name] = _value(known[name], value, f"{owner}: {key}")
    return values


def _value(rule: Hyperparameter, value: Any, label: str) -> Any:
    if rule.group is not None:
        return check(rule.group, value, label)
    if value is None and rule.default is None:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    kinds = rule.kind if isinstance(rule.kind, tuple) else (rule.kind,)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if float in kinds and is_number:
        value = float(value)
    if not isinstance(value, kinds) or (
        isinstance(value, bool) and bool not in kinds and object not in kinds
    ):
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise InputError(f"{label} must be {expected}, got {value!r} of type {type(value).__name__}")
    if rule.choices is not None and value not in rule.choices:
        near = difflib.get_close_matches(str(value), [str(choice) for choice in rule.choices], 1)
        hint = f": did you mean {near[0]!r}?" if near else ""
        raise InputError(f"{label} must be one of {list(rule.choices)}, got {value!r}{hint}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_range(rule, float(value), label)
    return value


def _check_range(rule: Hyperparameter, value: float, label: str) -> None:
    below = rule.low is not None and (value < rule.low or (rule.open_low and value == rule.low))
    above = rule.high is not None and (value > rule.high or (rule.open_high and value == rule.high))
    if below or above or math.isnan(value):
        low = "-inf" if rule.low is None else f"{rule.low:g}"
        high = "inf" if rule.high is None else f"{rule.high:g}"
        left, right = "(" if rule.open_low else "[", ")" if rule.open_high else "]"
        raise InputError(f"{label} must be in {left}{low}, {high}{right}, got {value:g}")
