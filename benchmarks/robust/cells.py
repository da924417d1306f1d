"""The cells of the table of robustness: each method in each condition."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.studies.features.study import FOR_MANY
from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell
from carla_genre.harness.grid import read_grid
from carla_genre.harness.grid_file import merged
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER

GRID = Path(__file__).with_name("robust.yaml")
NOISE = 0.05

# Condition -> the fields of a cell that make it. h is trained again in the first one alone.
CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "noise": {"label_noise": NOISE, "n_retrained": 0},
    "surer": {"classifier": "benchmarks.robust.classifiers:surer", "n_retrained": 0},
    "less sure": {"classifier": "benchmarks.robust.classifiers:less_sure", "n_retrained": 0},
}
# Takes as long as all others together: one seed.
SLOW = ("TAP",)
# What benchmarks.studies.features found for many features is GenRe's, however it chooses.
OF_GENRE = ("GenRe", "benchmarks.robust.many_models:ManyGoodModels")


def condition_of(cell: Mapping[str, Any]) -> str:
    """The condition that a record's cell is of, by its name in ``CONDITIONS``; InputError for another grid's."""
    own = cell.get("label_noise", 0.0), cell.get("classifier", PAPER_CLASSIFIER)
    for name, fields in CONDITIONS.items():
        if own == (fields.get("label_noise", 0.0), fields.get("classifier", PAPER_CLASSIFIER)):
            return name
    raise InputError(
        f"no condition of the table of robustness has {own[0]:g} of labels flipped and {own[1]!r} as h"
    )


def cells(
    quick: bool = False,
    only: Sequence[str] = (),
    data: Sequence[str] = (),
    seeds: Sequence[int] = (),
    grid: Path = GRID,
) -> list[Cell]:
    """The cells of the paper's data sets, in the order that lets settings be made once.

    Parameters
    ----------
    quick, only, data, seeds
        As :func:`carla_genre.harness.read_grid` takes them.
    grid : Path
        The methods, and what they are measured on.

    Raises
    ------
    InputError
        There is no such method or data set.
    """
    plain = _once(read_grid(grid, quick, only, data, seeds))
    settings = itertools.groupby(plain, lambda cell: (cell.data, cell.seed))
    return [
        replace(cell, **fields)
        for _, group in settings
        for fields, cell in itertools.product(CONDITIONS.values(), tuple(group))
    ]


def wide_cells(
    tables: Mapping[str, Mapping[str, Any]],
    quick: bool = False,
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
) -> list[Cell]:
    """The cells of tables of many features, as they are, of the first seed.

    Parameters
    ----------
    tables : mapping
        Name -> a cell's ``table``.
    quick, only, seeds
        As for :func:`cells`.
    """
    every = read_grid(GRID, quick, only, (), seeds)
    first = [cell for cell in every if (cell.data, cell.seed) == (every[0].data, every[0].seed)]
    return [
        replace(cell, data=name, table=table, hyperparams=_for_many(cell))
        for name, table in tables.items()
        for cell in first
    ]


def _once(every: Iterable[Cell]) -> list[Cell]:
    """Without the later seeds of methods that are slow."""
    every = list(every)
    return [cell for cell in every if cell.seed == every[0].seed or cell.label not in SLOW]


def _for_many(cell: Cell) -> Mapping[str, Any]:
    return merged(FOR_MANY, cell.hyperparams) if cell.method in OF_GENRE else cell.hyperparams
