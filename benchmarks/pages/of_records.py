"""Blocks of the paper's tables and of what stands beside them, from the records of a folder."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.pages.headline import headline, in_order
from benchmarks.pages.summary import summary
from benchmarks.paper import figure5, table1, table2, table3, table4, table11, table13, unpublished
from benchmarks.paper import peers as todays
from benchmarks.paper.command import with_people
from benchmarks.paper.published import NAMES, name_of
from carla_genre.errors import InputError
from carla_genre.harness.code import codes_of, mark_of, notes_on_code
from carla_genre.harness.markdown import markdown_table
from carla_genre.harness.record import read_record
from carla_genre.harness.table import FURTHER, FURTHER_LEGEND, VARIANTS_LEGEND, columns_table, notes, table
from carla_genre.methods.carla import CARLA_METHODS

# The paper's tables, by number.
PAPER = {1: table1, 2: table2, 3: table3, 4: table4, 11: table11, 13: table13}


def records(folder: Path, data: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The records of a folder, whatever grid they are of.

    Raises
    ------
    InputError
        There are none, or two of the same data set, seed and label.
    """
    found: dict[tuple[str, int, str], dict[str, Any]] = {}
    for path in sorted(folder.glob("*_seed*.json")):
        record = read_record(path)
        cell = record["cell"]
        name = cell["data"], cell["seed"], cell["label"]
        if name in found:
            raise InputError(
                f"{folder} has two records of {', '.join(map(str, name))}: remove {path.name} or the other"
            )
        if not data or cell["data"] in data:
            found[name] = record
    if not found:
        raise InputError(f"{folder} has no records" + (f" of {', '.join(data)}" if data else ""))
    return list(found.values())


def compact(root: Path, folder: str, *data: str) -> str:
    """A few methods of table 2."""
    return headline(records(root / folder, data))


def in_short(root: Path, paper: str, constrained_folder: str, *data: str) -> str:
    """README's table: GenRe, the nearest rows and the best of CARLA's, under the paper's constraints and under many."""
    found = (read_record(path) for path in sorted((root / constrained_folder).glob("*_seed*.json")))
    return summary(records(root / paper, data), found)


def further(root: Path, folder: str, *data: str) -> str:
    """What table 2 has no column for: every method's further measures."""
    rows = table(in_order(records(root / folder, data), table2.LABELS)).replace({"data": NAMES})
    legend = f"{FURTHER_LEGEND}\n{VARIANTS_LEGEND}"
    return "\n\n".join(filter(None, [columns_table(rows, FURTHER), legend, "\n".join(notes(rows))]))


def of_the_paper(module: ModuleType) -> Callable[..., str]:
    """A maker of one of the paper's tables or figures, from a folder of records; of some data sets alone."""

    def make(root: Path, folder: str, *data: str) -> str:
        text: str = module.markdown(module.compared(with_people(records(root / folder, data), root / folder)))
        return text

    return make


def densities(root: Path, file: str) -> str:
    """The record of figure 5: what its densities are like."""
    return figure5.markdown(figure5.compared(read(root / file)["figures"]))


def carla_seconds(root: Path, folder: str, *data: str) -> str:
    """What CARLA's own methods took of the processor, from a folder of records: the mean over the seeds."""
    methods = defaultdict(list)
    for record in records(root / folder, data):
        cell = record["cell"]
        if cell["method"] in CARLA_METHODS and "error" not in record:
            methods[name_of(cell["data"]), cell["label"]].append(record)
    rows, codes = [], [(*names, codes_of(found)) for names, found in methods.items()]
    for (name, label, code), found in zip(codes, methods.values(), strict=True):
        training = [record["cpu_seconds"]["prepare"] for record in found]
        answers = [record["cpu_seconds"]["answer"] / record["cell"]["n_factuals"] for record in found]
        means = (f"{sum(parts) / len(parts):.2f}" for parts in (training, answers))
        rows.append((name, f"`{label}`{mark_of(code)}", *means))
    seconds = markdown_table(("data", "method", "training, s", "an answer, s"), rows)
    return "\n\n".join(filter(None, [seconds, "\n".join(notes_on_code(codes))]))


def read(path: Path) -> Any:
    """A JSON of benchmarks/results.

    Raises
    ------
    InputError
        There is none, or it is broken.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no JSON that can be read: {error}") from error


def measured(root: Path, folder: str, *data: str) -> str:
    """Methods of table 2 on data that the paper has not."""
    return unpublished.markdown(in_order(records(root / folder, data), table2.LABELS))


def peers(root: Path, folder: str, paper: str) -> str:
    """Today's peers, from their own folder, beside GenRe."""
    return todays.markdown(records(root / folder), records(root / paper))
