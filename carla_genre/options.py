"""Options, declared once: fields of a frozen dataclass that say what they mean and what they may be.

From the fields come the check of what a user gives, with errors that name it, and the list in a docstring.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from carla_genre.errors import InputError
from carla_genre.suggestions import did_you_mean, suggestion

LARGEST = float(np.finfo(np.float32).max)
_Class = TypeVar("_Class", bound=type)


@dataclass(frozen=True)
class Option:
    """What a value may be.

    Parameters
    ----------
    default : object
        Its value when not given. Where it is None, None may be given.
    allowed : str or tuple, optional
        The interval of a number, as "[0.5, 1)" or "(0, inf)", or the only values that there are.
    kind : type or tuple of type, optional
        The default's, if not given, and any where that is None. An int is taken for a float, a bool never for a number.
    aliases : tuple of str
        Other names for it.
    group : mapping, optional
        The options of a nested group.
    meaning : str
        What it does, in a sentence or two.
    """

    default: Any = None
    allowed: str | tuple[Any, ...] | None = None
    kind: type | tuple[type, ...] | None = None
    aliases: tuple[str, ...] = ()
    group: Mapping[str, Option] | None = None
    meaning: str = ""

    @property
    def kinds(self) -> tuple[type, ...]:
        """The classes that a value may be of."""
        if self.kind is None:
            return (object if self.default is None else type(self.default),)
        return self.kind if isinstance(self.kind, tuple) else (self.kind,)


def option(
    default: Any, meaning: str, allowed: str | tuple[Any, ...] | None = None, aliases: tuple[str, ...] = ()
) -> Any:
    """A dataclass's field that is an :class:`Option`: its kind is the annotation, and a dataclass makes it a group."""
    return dataclasses.field(
        default=default, metadata={"option": Option(meaning=meaning, allowed=allowed, aliases=aliases)}
    )


def option_of(source: type, name: str, **changes: Any) -> Any:
    """A field that is the option of another dataclass, but for ``changes`` of its default, meaning or range."""
    field = source.__dataclass_fields__[name]  # type: ignore[attr-defined]
    default = changes.pop("default", field.default)
    return dataclasses.field(
        default=default, metadata={"option": replace(field.metadata["option"], **changes)}
    )


def declared(options: Any) -> dict[str, Option]:
    """Name -> option, of a dataclass of options, its own before the inherited ones; its values are the defaults."""
    kind, known = type(options), {}
    hints = get_type_hints(kind)
    for name in dict.fromkeys(name for one in kind.__mro__ for name in inspect.get_annotations(one)):
        value, one = getattr(options, name), kind.__dataclass_fields__[name].metadata["option"]
        group = declared(value) if dataclasses.is_dataclass(value) else None
        known[name] = replace(one, default=value, kind=_kinds(hints[name]), group=group)
    return known


def _kinds(hint: Any) -> tuple[type, ...]:
    """The classes of an annotation: ``Mapping[str, int] | None`` -> (Mapping, NoneType)."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return tuple(object if part is Any else get_origin(part) or part for part in parts)


def values_for(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of values by name, those that a dataclass has a field for."""
    return {field.name: values[field.name] for field in dataclasses.fields(kind) if field.name in values}


def check(known: Any, given: Mapping[str, Any] | None, owner: str) -> dict[str, Any]:
    """Defaults with the given values over them, as a new dict; groups are dicts in it.

    Parameters
    ----------
    known : dataclass of options, or mapping of str to Option
        The defaults are the dataclass's values.
    given : mapping, optional
        What a user gives.
    owner : str
        Whose options they are, for the errors.

    Raises
    ------
    InputError
        An unknown name (with the nearest right one), a wrong type, a value out of range.
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"{owner}: hyperparameters must be a dict, got {type(given).__name__}")
    known = known if isinstance(known, Mapping) else declared(known)
    names = {alias: name for name, one in known.items() for alias in (name, *one.aliases)}
    values = {
        name: check(one.group, None, owner) if one.group else one.default for name, one in known.items()
    }
    seen: dict[str, str] = {}
    for key, value in (given or {}).items():
        name = names.get(key)
        if name is None:
            raise InputError(f"{owner} has no hyperparameter {key!r}: {suggestion(key, names)}")
        if name in seen:
            raise InputError(f"{owner}: {key!r} and {seen[name]!r} are the same hyperparameter, give one")
        seen[name] = key
        values[name] = _value(known[name], value, f"{owner}: {key}")
    return values


def _value(known: Option, value: Any, label: str) -> Any:
    if known.group is not None:
        return check(known.group, value, label)
    if value is None and (known.default is None or NoneType in known.kinds):
        return None
    kinds = known.kinds
    if isinstance(value, np.generic):
        value = value.item()
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if float in kinds and is_number:
        value = float(str(value))  # inf for a whole number beyond a double
    if not isinstance(value, kinds) or (
        isinstance(value, bool) and bool not in kinds and object not in kinds
    ):
        expected = " or ".join(kind.__name__ for kind in kinds if kind is not NoneType)
        raise InputError(f"{label} must be {expected}, got {value!r} of type {type(value).__name__}")
    if isinstance(known.allowed, tuple) and value not in known.allowed:
        near = did_you_mean(value, map(str, known.allowed))
        raise InputError(f"{label} must be one of {list(known.allowed)}, got {value!r}.{near}")
    if isinstance(known.allowed, str) and not _lies_in(known.allowed, value):
        raise InputError(f"{label} must be in {known.allowed}, got {value}")
    if isinstance(value, float) and object not in kinds and not abs(value) <= LARGEST:
        raise InputError(f"{label} must be a finite number that single precision holds, got {value}")
    return value


def _lies_in(interval: str, value: Any) -> bool:
    low, high = (float(end) if "inf" in end or "." in end else int(end) for end in interval[1:-1].split(","))
    above: bool = value >= low if interval[0] == "[" else value > low
    below: bool = value <= high if interval[-1] == "]" else value < high
    return above and below


def with_list(doc: str, options: Any) -> str:
    """A docstring with a list of options after it: name, default, and what it means and may be."""
    lines = [inspect.cleandoc(doc), "", "Options", "-------"]
    for name, default, text in _rows(declared(options)):
        lines.append(f"{name} : {default}")
        lines += textwrap.wrap(
            text, 100, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
        )
    return "\n".join(lines)


def described(cls: _Class) -> _Class:
    """Class decorator of a dataclass of options: its docstring gets the list of them."""
    cls.__doc__ = with_list(cls.__doc__ or "", cls())
    return cls


def _rows(known: Mapping[str, Option], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, one in known.items():
        yield f"{prefix}{name}", "group" if one.group else _shown(one.default), _text(one)
        yield from _rows(one.group or {}, f"{prefix}{name}.")


def _text(known: Option) -> str:
    parts = [known.meaning]
    if isinstance(known.allowed, tuple):
        parts.append(f"One of {', '.join(map(_shown, known.allowed))}.")
    elif known.allowed is not None:
        parts.append(f"In {known.allowed}.")
    parts += [f"Also ``{alias}``." for alias in known.aliases]
    return " ".join(parts)


def _shown(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)
