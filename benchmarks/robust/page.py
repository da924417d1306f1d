"""The table of robustness, from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.paper.published import name_of
from benchmarks.robust.cells import CONDITIONS, GRID, NOISE
from benchmarks.robust.cells import condition_of as condition
from benchmarks.robust.classifiers import FACTOR
from benchmarks.robust.wide import WIDE
from carla_genre.errors import InputError
from carla_genre.harness.code import codes_of, mark_of, notes_on_code
from carla_genre.harness.grid_file import read_yaml
from carla_genre.harness.markdown import markdown_table, number, spread_of
from carla_genre.harness.record import read_record

Record = Mapping[str, Any]

# Condition -> what its columns are headed with.
HEADS = {
    "as it is": "",
    "noise": f", {100 * NOISE:g} % of labels flipped",
    "surer": f", logit times {FACTOR:g}",
    "less sure": f", logit over {FACTOR:g}",
}
AGAIN = {"future_validity_rows": "h on other rows", "future_validity_weights": "h of another seed"}


def read_records(folder: Path) -> list[Record]:
    """The records of a folder: data sets and methods in the grid's order, other data sets after them.

    Raises
    ------
    InputError
        There are none, or one cannot be read.
    """
    grid = read_yaml(GRID.read_text(encoding="utf-8"))
    data, labels = ([*grid["data"], *WIDE], [*grid["recourse_methods"]])
    found = [read_record(path) for path in sorted(folder.glob("*_seed*.json"))]
    if not found:
        raise InputError(f"{folder} has no records: python -m benchmarks.robust makes them")
    return sorted(
        found, key=lambda one: (data.index(one["cell"]["data"]), labels.index(one["cell"]["label"]))
    )


def markdown(records: Iterable[Record]) -> str:
    """A row for each data set and method, in the order of first sight; means over the seeds, and what failed."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record["cell"]["data"], record["cell"]["label"]), []).append(record)
    head = ["data", "d", "method", "seeds"]
    for name in CONDITIONS:
        head += [f"Val{HEADS[name]}", f"Score{HEADS[name]}", *(AGAIN.values() if name == "as it is" else ())]
    lines = [_line(data, label, group) for (data, label), group in groups.items()]
    foot = notes_on_code((name_of(data), label, codes_of(group)) for (data, label), group in groups.items())
    return "\n\n".join(filter(None, [markdown_table(head, lines), "\n".join([*_failures(groups), *foot])]))


def _line(data: str, label: str, group: Sequence[Record]) -> list[str]:
    measured = [record for record in group if "error" not in record]
    d = str(measured[0]["scores"]["d"]) if measured else "-"
    seeds = sorted({record["cell"]["seed"] for record in measured})
    line = [name_of(data), d, label, ", ".join(map(str, seeds)) + mark_of(codes_of(group))]
    for name in CONDITIONS:
        of_it = {
            record["cell"]["seed"]: record["scores"]
            for record in measured
            if condition(record["cell"]) == name
        }
        figures = pd.DataFrame(of_it, index=["val", "score", *AGAIN], columns=seeds, dtype=float).T
        line += [number(figures["val"].mean(), 2), spread_of(figures["score"])]
        if name == "as it is":
            line += [number(figures[figure].mean(), 2) for figure in AGAIN]
    return line


def _failures(groups: Mapping[tuple[str, str], Sequence[Record]]) -> list[str]:
    """A line for each method, condition and reason that something was not measured."""
    reasons: dict[str, list[int]] = {}
    for (data, label), group in groups.items():
        for record in group:
            if "error" in record:
                of = f"{name_of(data)}, {label}{HEADS[condition(record['cell'])]}: {record['error']['message']}"
                reasons.setdefault(of, []).append(record["cell"]["seed"])
    return [f"- {of} (seed {', '.join(map(str, seeds))})" for of, seeds in reasons.items()]
