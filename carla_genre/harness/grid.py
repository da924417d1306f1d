"""A grid of cells from a YAML file, checked before anything starts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell, Places, table_digest
from carla_genre.harness.grid_values import (
    check_keys,
    flag,
    mapping,
    merged,
    names,
    number,
    numbers,
    one_line,
    only_json,
    part_below,
    read_yaml,
    share,
    texts,
)
from carla_genre.methods.registry import hyperparameters_of
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER, check_classifier
from carla_genre.protocol.data import BALANCED, REAL_DATA

KEYS = (
    *("data", "classifiers", "seeds", "people", "rows", "label_noise", "retrained", "answers"),
    *("recourse_methods", "quick"),
)
QUICK_KEYS = ("data", "classifiers", "seeds", "people", "rows", "retrained")
METHOD_KEYS = ("method", "hyperparams", "data", "classifiers", "share", "quick")
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
            classifiers: [ann, forest]   # ann, the paper's network, by default; also linear, boosting, module:function
            seeds: [0, 1, 2, 3, 4]
            people: 200
            rows: 5000                   # at most so many train rows; all by default
            label_noise: 0.05            # of the train labels are flipped before h learns them; none by default
            answers: true                # keep people and answers in the records; false by default
            retrained: 3                 # times that h is trained again, on other rows and from other weights
            recourse_methods:
              GenRe:                     # a label; also the method's name, unless "method" tells it
                hyperparams: {selection: cheapest}
              CCHVAE, 5 epochs:
                method: CCHVAE
                data: [compas]           # only here
                classifiers: [ann]       # only for these
                share: 0.1               # of the train rows, for the method alone
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
        content = read_yaml(file.read_text(encoding="utf-8"))
        return _cells(content, str(file.parent), quick, only, data, seeds)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{file}: {error}") from error


@dataclass(frozen=True)
class _Method:
    """An entry of ``recourse_methods``, checked."""

    name: str
    hyperparams: Mapping[str, Any]
    data: Sequence[str]
    classifiers: Sequence[str]
    share: float


def _cells(
    content: Any,
    folder: str,
    quick: bool,
    only: Sequence[str],
    data: Sequence[str],
    seeds: Sequence[int],
) -> list[Cell]:
    grid = mapping(content, "the grid")
    check_keys(grid, KEYS, "the grid")
    tables = _tables(grid.get("data"), folder)
    every = _data(grid.get("data", list(REAL_DATA)), [*BALANCED, *tables], "data")
    classifiers = _classifiers(grid.get("classifiers", PAPER_CLASSIFIER))
    # Both are checked, whichever is wanted.
    whole, reduced = (
        _methods(grid.get("recourse_methods"), every, classifiers, smaller) for smaller in (False, True)
    )
    smaller = _smaller(grid.get("quick"), every, classifiers)
    if quick:
        if not smaller:
            raise InputError("it has no key 'quick', which says what is smaller with --quick")
        grid = {**grid, **smaller}
        every = _data(grid.get("data", every), every, "data")
        classifiers = names(grid.get("classifiers", classifiers), classifiers, "classifiers")
    every = _data(list(data), every, "--data") if data else every
    own_seeds = _seeds({"seeds": list(seeds)}, "--seeds") if seeds else _seeds(grid, "seeds")
    shared = _shared(grid)
    if only:
        names(list(only), whole, "--only")
    chosen = {
        label: method
        for label, method in (reduced if quick else whole).items()
        if method and (not only or label in only)
    }
    if not chosen:
        raise InputError("quick: false leaves out all methods")
    cells = [
        Cell(
            name,
            seed,
            label,
            method.name,
            method.hyperparams,
            table=tables.get(name),
            share=method.share,
            classifier=classifier,
            **shared,
        )
        for name, classifier, seed in itertools.product(every, classifiers, own_seeds)
        for label, method in chosen.items()
        if name in method.data and classifier in method.classifiers
    ]
    if not cells:
        raise InputError(
            f"no cell is left: none of {list(chosen)} is for data {every} with classifiers {list(classifiers)}"
        )
    return cells


def _classifiers(value: Any) -> list[str]:
    """Names of classifiers, each of which there is."""
    given = texts(value, "classifiers")
    for name in given:
        try:
            check_classifier(name)
        except InputError as error:
            raise InputError(f"classifiers: {error}") from error
    return given


def _smaller(value: Any, every: Sequence[str], classifiers: Sequence[str]) -> Mapping[str, Any]:
    """What stands in the place of the grid's with ``--quick``, checked."""
    smaller = mapping(value, "quick")
    check_keys(smaller, QUICK_KEYS, "quick")
    _seeds(smaller, "quick.seeds")
    _shared(smaller, "quick.")
    _data(smaller.get("data", every), every, "quick.data")
    names(smaller.get("classifiers", list(classifiers)), classifiers, "quick.classifiers")
    return smaller


def _methods(
    value: Any, every: Sequence[str], classifiers: Sequence[str], quick: bool
) -> dict[str, _Method | None]:
    """Label -> entry, None where ``quick: false`` leaves it out."""
    entries = mapping(value, "recourse_methods")
    if not entries:
        raise InputError("recourse_methods: name at least one method")
    return {
        label: _method(label, entry, every, classifiers, quick)
        for label, entry in ((one_line(key, "recourse_methods"), entry) for key, entry in entries.items())
    }


def _method(
    label: str, entry: Any, every: Sequence[str], classifiers: Sequence[str], quick: bool
) -> _Method | None:
    """One entry; None where ``quick: false`` leaves it out."""
    where = f"recourse_methods.{label}"
    entry = mapping(entry, where)
    check_keys(entry, METHOD_KEYS, where)
    name = str(entry.get("method", label))
    hyperparams = mapping(entry.get("hyperparams"), f"{where}.hyperparams")
    if quick:
        if entry.get("quick") is False:
            return None
        hyperparams = merged(hyperparams, mapping(entry.get("quick"), f"{where}.quick"))
    only_json(hyperparams, f"{where}.hyperparams")
    try:
        hyperparameters_of(name, hyperparams)
    except InputError as error:
        raise InputError(f"{where}{'.quick' if quick else ''}: {error}") from error
    return _Method(
        name,
        dict(hyperparams),
        names(entry.get("data", every), every, f"{where}.data"),
        names(entry.get("classifiers", classifiers), classifiers, f"{where}.classifiers"),
        share(entry.get("share", 1.0), f"{where}.share"),
    )


def _seeds(grid: Mapping[str, Any], where: str) -> list[int]:
    return numbers(grid.get("seeds", [42]), where, 0, MOST_SEED)


def _shared(grid: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """What all cells have in common, by the names of their fields."""
    return {
        "n_factuals": number(grid.get("people", 200), f"{where}people", 1),
        "rows": None if grid.get("rows") is None else number(grid["rows"], f"{where}rows", 20),
        "label_noise": part_below(grid.get("label_noise", 0.0), f"{where}label_noise", 0.5),
        "n_retrained": number(grid.get("retrained", 3), f"{where}retrained", 0),
        "answers": flag(grid.get("answers", False), f"{where}answers"),
    }


def _tables(value: Any, folder: str) -> dict[str, dict[str, Any]]:
    """The tables of one's own: name -> what a cell says of it."""
    tables: dict[str, dict[str, Any]] = {}
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, Mapping):
            continue
        check_keys(entry, TABLE_KEYS, f"data.{entry.get('name', '?')}")
        for key in ("name", "csv"):
            if not isinstance(entry.get(key), str) or not entry[key]:
                raise InputError(f"data: a table has a {key} (a text), got {dict(entry)}")
        name = one_line(entry["name"], "data")
        if name in BALANCED or name in tables:
            raise InputError(
                f"data: the name {name!r} is taken, give the table of {entry['csv']} another one"
            )
        balanced = flag(entry.get("balanced", True), f"data.{name}.balanced")
        table = {**{key: part for key, part in entry.items() if key != "name"}, "balanced": balanced}
        only_json(table, f"data.{name}")
        try:
            digest = table_digest(Places(tables=folder).own_table(name, table))
        except InputError as error:
            raise InputError(f"data.{name}: {error}") from error
        tables[name] = {**table, "digest": digest}
    return tables


def _data(value: Any, known: Iterable[str], where: str) -> list[str]:
    """Names of data sets; a table stands for its name."""
    entries = value if isinstance(value, list) else [value]
    return names([entry["name"] if isinstance(entry, Mapping) else entry for entry in entries], known, where)
