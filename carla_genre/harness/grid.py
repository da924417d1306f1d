"""A grid of cells from a YAML file, checked before anything starts."""

from __future__ import annotations

import difflib
import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell, Places, table_digest
from carla_genre.methods.registry import hyperparameters_of
from carla_genre.protocol.data import BALANCED, REAL_DATA

KEYS = ("data", "seeds", "people", "rows", "recourse_methods", "quick")
QUICK_KEYS = ("data", "seeds", "people", "rows")
METHOD_KEYS = ("method", "hyperparams", "data", "quick")
TABLE_KEYS = (
    *("name", "csv", "balanced"),
    # load_dataset's
    *("test", "test_size", "seed", "target", "positive", "categorical", "continuous", "ignore"),
    *("immutables", "increasing", "decreasing", "ranges"),
)
MOST_SEED = 2**32 - 1  # numpy's


def read_grid(
    path: str | os.PathLike[str],
    quick: bool = False,
    only: Sequence[str] = (),
    data: Sequence[str] = (),
    seeds: Sequence[int] = (),
) -> list[Cell]:
    """Read and check a grid.

    Parameters
    ----------
    path : path
        YAML of the shape of CARLA's experimental_setup.yaml::

            data:                        # adult, compas and heloc by default; also circles, moons and corr
              - compas
              - {name: loans, csv: loans.csv, target: granted, immutables: [sex]}  # beside this file
            seeds: [0, 1, 2, 3, 4]
            people: 200
            rows: 5000                   # at most so many train rows; all by default
            recourse_methods:
              GenRe:                     # a label; also the method's name, unless "method" tells it
                hyperparams: {selection: cheapest}
              CCHVAE, 5 epochs:
                method: CCHVAE
                data: [compas]           # only here
                hyperparams: {vae_params: {epochs: 5}}
                quick: {vae_params: {epochs: 1}}    # over hyperparams, with --quick; false: left out then
            quick: {data: [compas], seeds: [0], people: 20}    # in the place of those above, with --quick

    quick : bool
        The smaller grid that the file's ``quick`` mappings say.
    only : sequence of str
        Labels; the others are left out. Empty for all.
    data : sequence of str
        Data sets of the grid; the others are left out. Empty for all.
    seeds : sequence of int
        In the place of the grid's. Empty for those.

    Returns
    -------
    list of Cell
        Data set by data set and seed by seed, so that what methods share is made once.

    Raises
    ------
    InputError
        The file, a key, a name or a hyperparameter is wrong; the message names it.
    """
    file = Path(path)
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), _EachKeyOnce)
        return _cells(content, str(file.parent), quick, only, data, seeds)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{file}: {error}") from error


@dataclass(frozen=True)
class _Method:
    """An entry of ``recourse_methods``, checked."""

    name: str
    hyperparams: Mapping[str, Any]
    data: Sequence[str]


def _cells(
    content: Any,
    folder: str,
    quick: bool,
    only: Sequence[str],
    data: Sequence[str],
    seeds: Sequence[int],
) -> list[Cell]:
    grid = _mapping(content, "the grid")
    _known(grid, KEYS, "the grid")
    tables = _tables(grid.get("data"), folder)
    every = _data(grid.get("data", list(REAL_DATA)), [*BALANCED, *tables], "data")
    methods = _mapping(grid.get("recourse_methods"), "recourse_methods")
    if not methods:
        raise InputError("recourse_methods: name at least one method")
    whole = {str(label): _method(str(label), entry, every, False) for label, entry in methods.items()}
    reduced = {str(label): _method(str(label), entry, every, True) for label, entry in methods.items()}
    smaller = _mapping(grid.get("quick"), "quick")
    _known(smaller, QUICK_KEYS, "quick")
    _sizes(smaller, "quick.")
    _data(smaller.get("data", every), every, "quick.data")
    if quick:
        if not smaller:
            raise InputError("it has no key 'quick', which says what is smaller with --quick")
        grid = {**grid, **smaller}
        every = _data(grid.get("data", every), every, "data")
    every = _data(list(data), every, "--data") if data else every
    own_seeds, people, rows = _sizes({**grid, "seeds": list(seeds)} if seeds else grid, "--" if seeds else "")
    _names(list(only), whole, "--only")
    chosen = {
        label: method
        for label, method in (reduced if quick else whole).items()
        if method and (not only or label in only)
    }
    if not chosen:
        raise InputError("quick: false leaves out all methods")
    return [
        Cell(name, seed, label, method.name, method.hyperparams, people, rows, tables.get(name))
        for name, seed in itertools.product(every, own_seeds)
        for label, method in chosen.items()
        if name in method.data
    ]


def _method(label: str, entry: Any, every: Sequence[str], quick: bool) -> _Method | None:
    """One entry; None where ``quick: false`` leaves it out."""
    where = f"recourse_methods.{label}"
    entry = _mapping(entry, where)
    _known(entry, METHOD_KEYS, where)
    name = str(entry.get("method", label))
    hyperparams = _mapping(entry.get("hyperparams"), f"{where}.hyperparams")
    if quick:
        if entry.get("quick") is False:
            return None
        hyperparams = _merged(hyperparams, _mapping(entry.get("quick"), f"{where}.quick"))
    if _through_json(hyperparams) != hyperparams:
        raise InputError(f"{where}.hyperparams: only what JSON has can be recorded, got {dict(hyperparams)}")
    try:
        hyperparameters_of(name, hyperparams)
    except InputError as error:
        raise InputError(f"{where}{'.quick' if quick else ''}: {error}") from error
    return _Method(name, dict(hyperparams), _names(entry.get("data", every), every, f"{where}.data"))


def _sizes(grid: Mapping[str, Any], where: str) -> tuple[list[int], int, int | None]:
    """Seeds, people and rows."""
    seeds = _numbers(grid.get("seeds", [42]), f"{where}seeds", 0, MOST_SEED)
    people = _number(grid.get("people", 200), f"{where}people", 1)
    rows = None if grid.get("rows") is None else _number(grid["rows"], f"{where}rows", 20)
    return seeds, people, rows


def _tables(value: Any, folder: str) -> dict[str, dict[str, Any]]:
    """The tables of one's own: name -> what a cell says of it."""
    tables: dict[str, dict[str, Any]] = {}
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, Mapping):
            continue
        _known(entry, TABLE_KEYS, f"data.{entry.get('name', '?')}")
        for key in ("name", "csv"):
            if not isinstance(entry.get(key), str) or not entry[key]:
                raise InputError(f"data: a table has a {key} (a text), got {dict(entry)}")
        name = entry["name"]
        if name in BALANCED or name in tables:
            raise InputError(
                f"data: the name {name!r} is taken, give the table of {entry['csv']} another one"
            )
        balanced = entry.get("balanced", True)
        if not isinstance(balanced, bool):
            raise InputError(f"data.{name}.balanced must be true or false, got {balanced!r}")
        table = {**{key: part for key, part in entry.items() if key != "name"}, "balanced": balanced}
        if _through_json(table) != table:
            raise InputError(f"data.{name}: only what JSON has can be recorded, got {table}")
        try:
            digest = table_digest(Places(tables=folder).own_table(name, table))
        except InputError as error:
            raise InputError(f"data.{name}: {error}") from error
        tables[name] = {**table, "digest": digest}
    return tables


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


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both, ``over`` where they differ, group by group."""
    both = {
        key: _merged(under[key], value)
        if isinstance(value, Mapping) and isinstance(under.get(key), Mapping)
        else value
        for key, value in over.items()
    }
    return {**under, **both}


def _through_json(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return None


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{where} must be a mapping, got {value!r}")
    return value


def _known(given: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    for key in given:
        if key not in tuple(known):
            raise InputError(f"{where} has no key {key!r}: {_hint(key, known)}")


def _data(value: Any, known: Iterable[str], where: str) -> list[str]:
    """Names of data sets; a table stands for its name."""
    entries = value if isinstance(value, list) else [value]
    return _names([entry["name"] if isinstance(entry, Mapping) else entry for entry in entries], known, where)


def _names(value: Any, known: Iterable[str], where: str) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not (names or where == "--only"):
        raise InputError(f"{where} must be a list of names, got {value!r}")
    for name in names:
        if name not in list(known):
            raise InputError(f"{where}: no {name!r}; {_hint(name, known)}")
    return list(dict.fromkeys(names))


def _hint(name: Any, known: Iterable[str]) -> str:
    folded = {one.lower(): one for one in known}
    near = difflib.get_close_matches(str(name).lower(), folded, 1)
    return f"did you mean {folded[near[0]]!r}?" if near else f"there are {list(folded.values())}"


def _numbers(value: Any, where: str, least: int, most: int) -> list[int]:
    numbers = value if isinstance(value, list) else [value]
    if not numbers:
        raise InputError(f"{where} is empty")
    return list(dict.fromkeys(_number(number, where, least, most) for number in numbers))


def _number(value: Any, where: str, least: int, most: int | None = None) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        upto = "" if most is None else f" to {most}"
        raise InputError(f"{where}: expected a whole number from {least}{upto}, got {value!r}")
    return value
