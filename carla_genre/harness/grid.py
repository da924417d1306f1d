"""A grid of cells from a YAML file, checked before anything starts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell, Paths, table_digest
from carla_genre.harness.grid_file import (
    Grid,
    MethodEntry,
    TableEntry,
    check_names,
    checked,
    merged,
    read_yaml,
)
from carla_genre.methods.registry import hyperparameters_of
from carla_genre.protocol.classifiers import check_classifier
from carla_genre.protocol.data import BALANCED


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

            data:                        # adult, compas and heloc by default; others in docs/data.md
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
              GenRe:                     # a label; also the method's name, unless "method" names it
                hyperparams: {selection: cheapest}
              CCHVAE, 5 epochs:
                method: CCHVAE
                data: [compas]           # only here
                classifiers: [ann]       # only for these
                share: 0.1               # of the train rows, for the method alone
                hyperparams: {vae_params: {epochs: 5}}
                quick: {vae_params: {epochs: 1}}    # over hyperparams, with --quick; false: left out then
            quick: {data: [compas], seeds: [0], people: 20}    # replace those above, with --quick

    quick : bool
        The smaller grid that the file's ``quick`` mappings say.
    only : sequence of str
        Labels; the others are left out. Empty for all.
    data : sequence of str
        Data sets, the grid's or others; they replace the grid's. Empty for the grid's.
    seeds : sequence of int
        They replace the grid's. Empty for the grid's.

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


def _cells(
    content: Any,
    folder: str,
    quick: bool,
    only: Sequence[str],
    data: Sequence[str],
    seeds: Sequence[int],
) -> list[Cell]:
    grid = checked(content)
    tables = _tables(grid, folder)
    check_names(grid.data_names, [*BALANCED, *tables], "data")
    for name in grid.classifiers:
        try:
            check_classifier(name)
        except InputError as error:
            raise InputError(f"classifiers: {error}") from error
    # Both are checked, whichever is wanted.
    whole, reduced = (
        {label: _method(grid, label, smaller) for label in grid.recourse_methods} for smaller in (False, True)
    )
    smaller = _smaller(grid)
    if quick:
        if grid.quick is None:
            raise InputError("it has no key 'quick', which says what is smaller with --quick")
        grid = smaller
    check_names(data, [*BALANCED, *tables], "--data")
    every = list(dict.fromkeys(data)) or grid.data_names
    check_names(only, whole, "--only")
    chosen = {
        label: method
        for label, method in (reduced if quick else whole).items()
        if method and (not only or label in only)
    }
    if not chosen:
        raise InputError("quick: false leaves out all methods")
    if any(not 0 <= seed < 2**32 for seed in seeds):
        raise InputError(f"--seeds: expected whole numbers from 0 to {2**32 - 1}, got {list(seeds)}")
    cells = [
        Cell(
            name,
            seed,
            label,
            method.method,
            method.hyperparams,
            n_factuals=grid.people,
            rows=grid.rows,
            table=tables.get(name),
            n_retrained=grid.retrained,
            answers=grid.answers,
            share=method.share,
            classifier=classifier,
            label_noise=grid.label_noise,
        )
        for name, classifier, seed in itertools.product(
            every, grid.classifiers, dict.fromkeys(seeds or grid.seeds)
        )
        for label, method in chosen.items()
        if name in (method.data or every) and classifier in method.classifiers
    ]
    if not cells:
        raise InputError(
            f"no cell is left: none of {list(chosen)} is for data {every} with classifiers {grid.classifiers}"
        )
    return cells


def _smaller(grid: Grid) -> Grid:
    """The grid with the values of its ``quick``."""
    quick = grid.quick
    if quick is None:
        return grid
    smaller = grid.model_copy(update={name: getattr(quick, name) for name in quick.model_fields_set})
    check_names(smaller.data_names, grid.data_names, "quick.data")
    check_names(smaller.classifiers, grid.classifiers, "quick.classifiers")
    return smaller


def _method(grid: Grid, label: str, quick: bool) -> MethodEntry | None:
    """An entry with all that it leaves to the grid; None where ``quick: false`` leaves it out."""
    entry, where = grid.recourse_methods[label] or MethodEntry(), f"recourse_methods.{label}"
    if quick and entry.quick is False:
        return None
    filled = entry.model_copy(
        update={
            "method": entry.method or label,
            "hyperparams": merged(entry.hyperparams, (quick and entry.quick) or {}),
            "classifiers": entry.classifiers or grid.classifiers,
        }
    )
    try:
        hyperparameters_of(filled.method, filled.hyperparams)
    except InputError as error:
        raise InputError(f"{where}{'.quick' if quick else ''}: {error}") from error
    check_names(filled.data, grid.data_names, f"{where}.data")
    check_names(filled.classifiers, grid.classifiers, f"{where}.classifiers")
    return filled


def _tables(grid: Grid, folder: str) -> dict[str, dict[str, Any]]:
    """The tables of the user's own: name -> what a cell says of it."""
    tables: dict[str, dict[str, Any]] = {}
    for entry in grid.data:
        if not isinstance(entry, TableEntry):
            continue
        if entry.name in BALANCED or entry.name in tables:
            raise InputError(
                f"data: the name {entry.name!r} is taken, give the table of {entry.csv} another one"
            )
        table = {**entry.model_dump(exclude_unset=True, exclude={"name"}), "balanced": entry.balanced}
        try:
            digest = table_digest(Paths(tables=folder).own_table(entry.name, table))
        except InputError as error:
            raise InputError(f"data.{entry.name}: {error}") from error
        tables[entry.name] = {**table, "digest": digest}
    return tables
