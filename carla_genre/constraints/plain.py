"""Constraints in plain types, as a JSON or YAML file has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from carla_genre.constraints.constraint import Constraint
from carla_genre.constraints.one_feature import Allowed, Freeze, OneWay, Range, Weight
from carla_genre.constraints.several_features import AtMost, Implies
from carla_genre.errors import InputError
from carla_genre.suggestions import suggestion

KINDS = {
    "allowed": Allowed,
    "at_most": AtMost,
    "freeze": Freeze,
    "implies": Implies,
    "one_way": OneWay,
    "range": Range,
    "weight": Weight,
}


def to_plain(constraint: Constraint) -> dict[str, Any]:
    """``{"one_way": {"feature": "savings", "direction": "up"}}``, for :func:`from_plain`.

    Raises
    ------
    InputError
        It is a predicate of one's own, which only code can say.
    """
    for name, kind in KINDS.items():
        if type(constraint) is kind:
            return {
                name: {
                    one.name: value
                    for one in fields(constraint)  # type: ignore[arg-type]
                    if not _left_out(value := getattr(constraint, one.name), one.default)
                }
            }
    raise InputError(f"{constraint!r} cannot be written to a file: give it when asking")


def _left_out(value: Any, default: Any) -> bool:
    """Whether a field has what it has where nothing is given; 0 is not False, and a level may be False."""
    return value is None or value is default or (isinstance(value, tuple) and not value)


def from_plain(entries: Any) -> list[Constraint]:
    """The constraints of a list: ``[{"freeze": ["age", "sex"]}, {"at_most": 2}, {"range": {"feature": ...}}]``.

    Raises
    ------
    InputError
        An entry is not of this form; the message names it.
    """
    if not isinstance(entries, Iterable) or isinstance(entries, str | Mapping):
        raise InputError(f"constraints: expected a list, - freeze: [age], - at_most: 2, got {entries!r}")
    return [_one(entry) for entry in entries]


def _one(entry: Any) -> Constraint:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise InputError(f"constraints: expected a kind and what it is about, freeze: [age], got {entry!r}")
    name, about = next(iter(entry.items()))
    kind: Callable[..., Constraint] | None = KINDS.get(str(name))
    if kind is None:
        raise InputError(f"constraints: there is no kind {name!r}, {suggestion(name, KINDS)}")
    try:
        if isinstance(about, Mapping):
            named = {str(key): value for key, value in about.items()}
            return kind(*named.pop("features", ()), **named) if kind is Freeze else kind(**named)
        return kind(*(about if isinstance(about, list | tuple) else (about,)))
    except TypeError as error:
        raise InputError(f"constraints: {name}: {about!r} is not understood: {error}") from error
