"""The cells of the table of judges: each method under each gold classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from carla_genre.evaluation.judges.gold_kinds import GOLD_KINDS
from carla_genre.harness.cell import Cell
from carla_genre.harness.grid import read_grid

GRID = Path(__file__).with_name("judges.yaml")


def cells(
    quick: bool = False,
    only: Sequence[str] = (),
    data: Sequence[str] = (),
    seeds: Sequence[int] = (),
    golds: Sequence[str] = (),
) -> list[Cell]:
    """The cells, those of a data set, gold classifier and seed one after the other, which share a setting.

    Parameters
    ----------
    quick, only, data, seeds
        As :func:`carla_genre.harness.read_grid` takes them.
    golds : sequence of str
        These gold classifiers; empty for all.

    Raises
    ------
    InputError
        There is no such method or data set.
    """
    plain = read_grid(GRID, quick, only, data, seeds)
    settings = list(dict.fromkeys((cell.data, cell.seed) for cell in plain))
    return [
        replace(cell, gold=gold)
        for setting in settings
        for gold in golds or GOLD_KINDS
        for cell in plain
        if (cell.data, cell.seed) == setting
    ]
