"""What a grid's file may hold, as pydantic's models, and the message about what is wrong in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from carla_genre.errors import InputError
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER
from carla_genre.protocol.data import REAL_DATA
from carla_genre.suggestions import suggestion


def _one_line(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise ValueError("a name is one line of text")
    return name


_AsList = BeforeValidator(lambda value: [value] if isinstance(value, (str, int, Mapping)) else value)
_Once = AfterValidator(lambda values: list(dict.fromkeys(values)))
Line = Annotated[str, AfterValidator(_one_line)]  # fits into the line of a table
Names = Annotated[list[str], _AsList, Field(min_length=1), _Once]
Seeds = Annotated[list[Annotated[int, Field(ge=0, lt=2**32)]], _AsList, Field(min_length=1), _Once]


class _Part(BaseModel):
    """A mapping of the file. No value is converted to another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class TableEntry(_Part):
    """A table of the user's own, with what :func:`carla_genre.load_dataset` takes."""

    name: Line
    csv: str = Field(min_length=1)
    balanced: bool = True
    test: str | None = None
    test_size: JsonValue = None
    seed: JsonValue = None
    target: JsonValue = None
    positive: JsonValue = None
    categorical: JsonValue = None
    continuous: JsonValue = None
    ignore: JsonValue = None
    immutables: JsonValue = None
    increasing: JsonValue = None
    decreasing: JsonValue = None
    ranges: JsonValue = None


class MethodEntry(_Part):
    """A method; where it names no data and no classifiers, it has the grid's."""

    method: str = ""
    hyperparams: Annotated[
        dict[str, JsonValue], BeforeValidator(lambda value: {} if value is None else value)
    ] = {}
    data: Names = []
    classifiers: Names = []
    share: float = Field(default=1.0, gt=0, le=1)
    quick: dict[str, JsonValue] | Literal[False] | None = None


class QuickGrid(_Part):
    """Values that replace the grid's with ``--quick``."""

    data: Annotated[list[str | TableEntry], _AsList, Field(min_length=1)] = list(REAL_DATA)
    classifiers: Names = [PAPER_CLASSIFIER]
    seeds: Seeds = [42]
    people: int = Field(default=200, ge=1)
    rows: int | None = Field(default=None, ge=20)
    retrained: int = Field(default=3, ge=0)

    @property
    def data_names(self) -> list[str]:
        """The data sets, each once; a table is given by its name."""
        return list(dict.fromkeys(one.name if isinstance(one, TableEntry) else one for one in self.data))


class Grid(QuickGrid):
    """A whole file."""

    label_noise: float = Field(default=0.0, ge=0, lt=0.5)
    answers: bool = False
    recourse_methods: dict[Annotated[Line, BeforeValidator(str)], MethodEntry | None] = Field(min_length=1)
    quick: QuickGrid | None = None


_KEYS_OF: Mapping[str, type[BaseModel]] = {
    "data": TableEntry,
    "recourse_methods": MethodEntry,
    "quick": QuickGrid,
}
_WORDS = {
    "too_short": "give at least one",
    "model_type": "expected a mapping",
    "dict_type": "expected a mapping",
}


def checked(content: Any) -> Grid:
    """The grid that a file holds; InputError with the path of what is wrong, its value or the nearest right name."""
    try:
        return Grid.model_validate({} if content is None else content)
    except ValidationError as error:
        # Of a union's errors, the one furthest in is about the kind that was meant.
        worst = max(error.errors(), key=lambda one: len(one["loc"]))
    *above, last = worst["loc"] or ("the grid",)
    if worst["type"] == "missing":
        raise InputError(f"{_path(content, above)}: the key {last!r} is missing")
    if worst["type"] == "extra_forbidden":
        keys = (_KEYS_OF[str(above[0])] if above else Grid).model_fields
        raise InputError(f"{_path(content, above)} has no key {last!r}: {suggestion(last, keys)}")
    where = above[:-1] if last == "[key]" else [*above, last]
    message = _WORDS.get(worst["type"], worst["msg"].removeprefix("Value error, "))
    raise InputError(f"{_path(content, where)}: {message}, got {worst['input']!r}")


def _path(content: Any, loc: Iterable[int | str]) -> str:
    """The keys that lead to a value, joined by dots; a table is given by its name."""
    steps = []
    for step in loc:
        if isinstance(content, list) and isinstance(step, int):
            content = content[step]
            step = content.get("name", step) if isinstance(content, Mapping) else ""
        elif isinstance(content, Mapping) and step in content:
            content = content[step]
        else:
            continue  # a kind of a union, which is not in the file
        steps.append(str(step))
    return ".".join(filter(None, steps)) or "the grid"


def check_names(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise InputError for the first name that is not known."""
    known = list(known)
    for name in given:
        if name not in known:
            raise InputError(f"{where}: no {name!r}; {suggestion(name, known)}")


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both, ``over`` where they differ, group by group."""
    both = {
        key: merged(under[key], value)
        if isinstance(value, Mapping) and isinstance(under.get(key), Mapping)
        else value
        for key, value in over.items()
    }
    return {**under, **both}


def read_yaml(text: str) -> Any:
    """The content of a YAML file in which each key is unique."""
    return yaml.load(text, _EachKeyOnce)


class _EachKeyOnce(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """A repeated key is an error: the second one would silently replace the first."""


def _each_once(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue  # which cannot be a key
        value = loader.construct_object(key)
        names = {value, str(value)}  # yes and on are True, 1 and 1.0 the same number
        if seen & names:
            raise InputError(
                f"line {key.start_mark.line + 1}: the key {key.value!r} stands twice in a mapping"
            )
        seen |= names
    loader.flatten_mapping(node)
    mapping: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return mapping


_EachKeyOnce.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _each_once)
