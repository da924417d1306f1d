"""One cell of a grid: a method, on a data set, with a seed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from carla_genre.errors import InputError
from carla_genre.evaluation.judges.gold_kinds import PAPER_GOLD
from carla_genre.io import at_home
from carla_genre.protocol import OwnTable
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER

# Raised when a record's meaning changes, so that a finished cell is measured again.
FORMAT = 3
# Of a data set's name and of a label in a file's name: a disk takes names of 255 bytes.
LONGEST = 96


@dataclass(frozen=True)
class Cell:
    """What is measured.

    Attributes
    ----------
    data : str
        One of the protocol's ("adult", "compas", "heloc", "circles", "moons", "corr"), or the name of ``table``.
    seed : int
        Of the drawn labels, h, the factuals, and the method where it has a ``seed``.
    label : str
        The method's name in tables.
    method : str
        As :func:`carla_genre.methods.registry.build_method` takes it.
    hyperparams : mapping
        The method's own, where they differ from its defaults.
    n_factuals : int
        People to answer.
    rows : int, optional
        At most so many train rows; None for all.
    table : mapping, optional
        A table of one's own: ``csv`` and ``balanced``, ``digest`` (of its rows and roles), and what
        :func:`carla_genre.load_dataset` takes.
    n_retrained : int
        How often h is trained again, on other rows and from other initial weights, for the future validity.
    answers : bool
        Whether the record keeps the factuals and the answers themselves.
    share : float
        Of the train rows that the method is given, in (0, 1]; gold classifier, h and factuals stay those of all.
    classifier : str
        What h is, as :func:`carla_genre.protocol.prepare` takes it.
    label_noise : float
        Share of the train labels that are flipped before h and the method learn them, in [0, .5).
    gold : str
        The gold classifier, as :func:`carla_genre.protocol.prepare` takes it.
    """

    data: str
    seed: int
    label: str
    method: str
    hyperparams: Mapping[str, Any] = field(default_factory=dict)
    n_factuals: int = 200
    rows: int | None = None
    table: Mapping[str, Any] | None = None
    n_retrained: int = 3
    answers: bool = False
    share: float = 1.0
    classifier: str = PAPER_CLASSIFIER
    label_noise: float = 0.0
    gold: str = PAPER_GOLD

    @property
    def key(self) -> str:
        """A digest of the whole configuration; a field at its default is no part of it, so that fields may be added."""
        content = json.dumps({"format": FORMAT, **self._chosen()}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    @property
    def problem(self) -> str:
        """The data set, and the classifier, the labels and the gold classifier where they are not the paper's."""
        classifier = [] if self.classifier == PAPER_CLASSIFIER else [self.classifier]
        return ", ".join([self.data, *classifier, *conditions(vars(self))])

    @property
    def file(self) -> str:
        """The record's name: readable, and another one for another configuration."""
        problem, label = (
            re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:LONGEST] for name in (self.problem, self.label)
        )
        return f"{problem}_{label}_seed{self.seed}_{self.key}.json"

    def _chosen(self) -> dict[str, Any]:
        """The fields that have no default or another value."""
        values = {one.name: (getattr(self, one.name), _default(one)) for one in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}

    def __str__(self) -> str:
        return f"{self.problem}, seed {self.seed}, {self.label}"


def conditions(cell: Mapping[str, Any]) -> list[str]:
    """Labels and gold classifier of a cell, or of a record's, where they are not the paper's; an older one has none."""
    noise, gold = cell.get("label_noise", 0.0), cell.get("gold", PAPER_GOLD)
    labels = [f"{noise:g} of labels flipped"] if noise else []
    return labels if gold == PAPER_GOLD else [*labels, f"{gold} as gold"]


def _default(one: Field[Any]) -> Any:
    return one.default if one.default_factory is MISSING else one.default_factory()


@dataclass(frozen=True)
class Paths:
    """Where things are on this machine; no part of what is measured, so neither in the key nor in the record.

    Attributes
    ----------
    root : str, optional
        Folder of CARLA's CSVs.
    tables : str
        Folder that the path of a table of one's own starts from.
    cache : str, optional
        Folder of what the protocol trains; None to train it in each cell.
    """

    root: str | None = None
    tables: str = "."
    cache: str | None = None

    def source(self, cell: Cell) -> str | OwnTable:
        """The cell's data, as the protocol takes it; InputError where they are not those of the grid."""
        if cell.table is None:
            return cell.data
        table = self.own_table(cell.data, cell.table)
        digest = table_digest(table)
        if digest != cell.table["digest"]:
            raise InputError(
                f"{cell.table['csv']} has changed since the grid was read: its digest was {cell.table['digest']}, "
                f"and is {digest}"
            )
        return table

    def own_table(self, name: str, entry: Mapping[str, Any]) -> OwnTable:
        """A table from what a grid says of it."""
        options = {key: value for key, value in entry.items() if key not in ("csv", "balanced", "digest")}
        if "test" in options:
            options["test"] = self._path(options["test"])
        return OwnTable(name, self._path(entry["csv"]), options, entry["balanced"])

    def _path(self, name: str) -> str:
        return str(Path(self.tables) / at_home(name))


def table_digest(table: OwnTable) -> str:
    """Of the rows, their split and their roles, as the catalog's name has it."""
    name: str = table.load().name.rpartition("-")[2]
    return name
