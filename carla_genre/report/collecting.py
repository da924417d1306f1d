"""Reading the records under some folders, and choosing one where a cell has two."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell
from carla_genre.harness.record import read_record
from carla_genre.harness.table import table

# The fields of a cell that change neither the method nor its factuals, only what else the record has.
EXTRAS = ("answers", "n_retrained")
# The parts of a record that are mappings, where there is one.
_GROUPS = ("setting", "seconds", "cpu_seconds", "hyperparams", "peak_mb", "environment")
_ERROR = {"type": str, "message": str, "traceback": list}
HOW_TO_MEASURE = "carla-genre benchmark benchmarks/paper/table2.yaml --quick"


@dataclass(frozen=True)
class Found:
    """A record and its file.

    ``cell`` has the fields that a cell has today. The record is ``current`` if this version gives the cell the same
    key, else of another version. ``figures`` are its rows of :func:`carla_genre.harness.table.table`.
    """

    path: Path
    record: Mapping[str, Any]
    cell: Mapping[str, Any]
    current: bool
    figures: pd.DataFrame

    @property
    def failed(self) -> bool:
        """Whether the cell could not be measured."""
        return "error" in self.record

    @property
    def environment(self) -> Mapping[str, Any]:
        """Where it was measured and by what; empty where the record does not say."""
        return self.record.get("environment") or {}

    @property
    def time(self) -> str:
        """When it was measured, as ISO 8601 text; empty where the record does not say."""
        return str(self.environment.get("time", ""))


@dataclass(frozen=True)
class Collection:
    """What lies in the folders: one record for each cell, in the order of the files.

    ``superseded`` are records whose cell has a better one: newer, or not failed. ``skipped`` are files that are no
    records, and why.
    """

    found: list[Found]
    superseded: list[Path]
    skipped: list[tuple[Path, str]]


def collect(folders: Sequence[str | os.PathLike[str]]) -> Collection:
    """Read all records under some folders.

    Raises
    ------
    InputError
        A folder does not exist, or there is no record in any of them; the message says how to make some.
    """
    found: dict[str, Found] = {}
    superseded: list[Path] = []
    skipped: list[tuple[Path, str]] = []
    for path in _files(folders):
        if path.suffix == ".part":
            skipped.append((path, "unfinished: its writing was interrupted, or goes on"))
            continue
        try:
            one = _read(path)
        except (
            InputError,
            KeyError,
            TypeError,
            AttributeError,
            ValueError,
            ArithmeticError,
            RecursionError,
        ) as error:
            skipped.append((path, _why(error)))
            continue
        identity = json.dumps({**one.cell, **dict.fromkeys(EXTRAS)}, sort_keys=True)
        kept, left = _newer(one, found.get(identity))
        found[identity] = kept
        superseded += [left.path] if left else []
    if not found:
        raise InputError(
            f"no records in {', '.join(map(str, folders))}, {len(skipped)} other files: make some with "
            f"`{HOW_TO_MEASURE}`"
        )
    return Collection(list(found.values()), superseded, skipped)


def _files(folders: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """JSONs and the parts of unfinished ones, each once."""
    files: dict[Path, Path] = {}
    for folder in map(Path, folders):
        if not os.path.isdir(folder):  # False also for a name that is too long
            raise InputError(f"there is no folder {folder}: make records with `{HOW_TO_MEASURE}`")
        for path in sorted([*folder.rglob("*.json"), *folder.rglob(".*.part")]):
            files.setdefault(path.resolve(), path)
    return list(files.values())


def _read(path: Path) -> Found:
    record = read_record(path)
    given = record["cell"]
    known = {one.name for one in fields(Cell)}
    cell = Cell(**{name: value for name, value in given.items() if name in known})
    _check_shape(record, cell)
    # Every later step needs these figures; a record that lacks one fails here.
    figures = table([record])
    return Found(path, record, {**given, **asdict(cell)}, cell.key == record["key"], figures)


def _check_shape(record: Mapping[str, Any], cell: Cell) -> None:
    """Raise TypeError or KeyError where a part has not the type that the page needs."""
    json.dumps(record, ensure_ascii=False).encode()  # half a character cannot be written into a page
    kinds: dict[str, Any] = {"seed": int, "n_factuals": int, "label_noise": (int, float)}
    for name, kind in kinds.items():
        if not isinstance(getattr(cell, name), kind):
            raise TypeError(f"{name} is no number, or not a whole one")
    for name in _GROUPS:
        if not isinstance(record.get(name) or {}, Mapping):
            raise TypeError(f"{name} is no mapping")
    if "error" not in record:
        float(record["scores"]["d"])
    elif not all(isinstance(record["error"][name], kind) for name, kind in _ERROR.items()):
        raise TypeError("error has no type, message or traceback")


def _newer(one: Found, other: Found | None) -> tuple[Found, Found | None]:
    """Return the record that counts of two of the same cell, and the other one."""
    if other is None:
        return one, None
    return (one, other) if (not one.failed, one.time) > (not other.failed, other.time) else (other, one)


def _why(error: BaseException) -> str:
    if isinstance(error, InputError):
        return "no record of a benchmark"
    lacks = f"lacks {error}" if isinstance(error, KeyError) else str(error)
    return f"a record that this version cannot read: {lacks}"
