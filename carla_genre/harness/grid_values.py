"""The values that a grid's file may hold: what is wrong is told with its key and the nearest right name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from carla_genre.errors import InputError
from carla_genre.suggestions import suggestion


def read_yaml(text: str) -> Any:
    """The content of a YAML file in which no key stands twice."""
    return yaml.load(text, _EachKeyOnce)


class _EachKeyOnce(yaml.SafeLoader):
    """A key that stands twice is an error: the second one would silently hide the first."""


def _each_once(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key, _ in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else None
        if name is not None and name in seen:
            raise InputError(f"line {key.start_mark.line + 1}: the key {name!r} stands twice in a mapping")
        seen.add(name)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_EachKeyOnce.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _each_once)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both, ``over`` where they differ, group by group."""
    both = {
        key: merged(under[key], value)
        if isinstance(value, Mapping) and isinstance(under.get(key), Mapping)
        else value
        for key, value in over.items()
    }
    return {**under, **both}


def only_json(value: Any, where: str) -> None:
    """Refuse what JSON would change or has no word for."""
    try:
        same = json.loads(json.dumps(value)) == value
    except (TypeError, ValueError):
        same = False
    if not same:
        raise InputError(f"{where}: only what JSON has can be recorded, got {value}")


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """A mapping; nothing is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{where} must be a mapping, got {value!r}")
    return value


def check_keys(given: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse a key that is not known."""
    for key in given:
        if key not in tuple(known):
            raise InputError(f"{where} has no key {key!r}: {suggestion(key, known)}")


def names(value: Any, known: Iterable[str], where: str) -> list[str]:
    """One name or a list of them, each known and kept once."""
    given = texts(value, where)
    for name in given:
        if name not in list(known):
            raise InputError(f"{where}: no {name!r}; {suggestion(name, known)}")
    return given


def one_line(value: Any, where: str) -> str:
    """A name that fits into the line of a table."""
    name = str(value)
    if not name.strip() or not name.isprintable():
        raise InputError(f"{where}: a name is one line of text, got {value!r}")
    return name


def texts(value: Any, where: str) -> list[str]:
    """One name or a list of them, each kept once."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
        raise InputError(f"{where} must be a list of names, got {value!r}")
    return list(dict.fromkeys(given))


def numbers(value: Any, where: str, least: int, most: int) -> list[int]:
    """One whole number or a list of them, each kept once."""
    given = value if isinstance(value, list) else [value]
    if not given:
        raise InputError(f"{where} is empty")
    return list(dict.fromkeys(number(one, where, least, most) for one in given))


def number(value: Any, where: str, least: int, most: int | None = None) -> int:
    """A whole number in its range."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        upto = "" if most is None else f" to {most}"
        raise InputError(f"{where}: expected a whole number from {least}{upto}, got {value!r}")
    return value


def share(value: Any, where: str) -> float:
    """A number above 0 and at most 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise InputError(f"{where}: expected a number above 0 and at most 1, got {value!r}")
    return float(value)


def part_below(value: Any, where: str, bound: float) -> float:
    """A number of at least 0 and below a bound."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < bound:
        raise InputError(f"{where}: expected a number of at least 0 and below {bound:g}, got {value!r}")
    return float(value)


def flag(value: Any, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InputError(f"{where} must be true or false, got {value!r}")
    return value
