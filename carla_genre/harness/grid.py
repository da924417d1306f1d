"""A grid of cells from a YAML file, checked before anything starts."""

from __future__ import annotations

import difflib
import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell
from carla_genre.methods.registry import hyperparameters_of
from carla_genre.protocol.data import BALANCED

KEYS = ("data", "seeds", "people", "recourse_methods")
METHOD_KEYS = ("method", "hyperparams", "data")


def read_grid(path: str | os.PathLike[str]) -> list[Cell]:
    """Read and check a grid.

    Parameters
    ----------
    path : path
        YAML of the shape of CARLA's experimental_setup.yaml::

            data: [compas, heloc]        # all of the protocol's by default
            seeds: [0, 1, 2, 3, 4]
            people: 200
            recourse_methods:
              GenRe:                     # a label; also the method's name, unless "method" tells it
                hyperparams: {selection: cheapest}
              CCHVAE, 5 epochs:
                method: CCHVAE
                data: [compas]           # only here
                hyperparams: {vae_params: {epochs: 5}}

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
        content = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"{os.fspath(path)}: {error}") from error
    try:
        return _cells(content)
    except InputError as error:
        raise InputError(f"{os.fspath(path)}: {error}") from error


def _cells(content: Any) -> list[Cell]:
    grid = _mapping(content, "the grid")
    _known(grid, KEYS, "the grid")
    methods = _mapping(grid.get("recourse_methods"), "recourse_methods")
    if not methods:
        raise InputError("recourse_methods: name at least one method")
    every = _names(grid.get("data", list(BALANCED)), BALANCED, "data")
    seeds = _numbers(grid.get("seeds", [42]), "seeds", least=0)
    people = _numbers([grid.get("people", 200)], "people", least=1)[0]
    chosen: dict[str, tuple[str, dict[str, Any], list[str]]] = {}
    for label, entry in methods.items():
        entry = _mapping(entry, f"recourse_methods.{label}")
        _known(entry, METHOD_KEYS, f"recourse_methods.{label}")
        name = str(entry.get("method", label))
        hyperparams = _mapping(entry.get("hyperparams"), f"recourse_methods.{label}.hyperparams")
        hyperparameters_of(name, hyperparams)
        where = _names(entry.get("data", every), every, f"recourse_methods.{label}.data")
        chosen[str(label)] = (name, dict(hyperparams), where)
    return [
        Cell(data, seed, label, name, hyperparams, people)
        for data, seed in itertools.product(every, seeds)
        for label, (name, hyperparams, where) in chosen.items()
        if data in where
    ]


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{where} must be a mapping, got {value!r}")
    return value


def _known(given: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    for key in given:
        if key not in set(known):
            near = difflib.get_close_matches(str(key), list(known), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {list(known)}"
            raise InputError(f"{where} has no key {key!r}: {hint}")


def _names(value: Any, known: Iterable[str], where: str) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise InputError(f"{where} must be a list of names, got {value!r}")
    for name in names:
        if name not in list(known):
            near = difflib.get_close_matches(str(name), list(known), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {list(known)}"
            raise InputError(f"{where}: no {name!r}; {hint}")
    return list(dict.fromkeys(names))


def _numbers(value: Any, where: str, least: int) -> list[int]:
    numbers = value if isinstance(value, list) else [value]
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            raise InputError(f"{where}: expected whole numbers from {least}, got {number!r}")
    if not numbers:
        raise InputError(f"{where} is empty")
    return list(dict.fromkeys(numbers))
