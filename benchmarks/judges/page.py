"""The table of judges, from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.judges.cells import cells
from benchmarks.paper.published import figures_of, name_of
from carla_genre.errors import InputError
from carla_genre.evaluation.judges.gold_kinds import PAPER_GOLD
from carla_genre.harness.code import codes_of, mark_of, notes_on_code
from carla_genre.harness.markdown import markdown_table, number, spread_of
from carla_genre.harness.run import records_of

Record = Mapping[str, Any]

SCORES = {"Score": "score", "Val": "val", "Cost": "cost", "copies": "copies"}
# Figure of a record's plausibility -> head.
TESTS = {
    "LOF_5": "LOF 5",
    "LOF_20": "LOF 20",
    "Isolation_Forest": "isolation forest",
    "Neighbour_Distance": "fifth distance",
}
ATTAINABLE = "accepted held-out rows"
DEFAULT = "GenRe"


def of_folder(folder: Path, part: str, *data: str) -> str:
    """From the records of a folder: the whole table ("all"), or the first and the default alone ("leaders").

    Of the grid's data sets, or of those that are given.
    """
    tables = {"all": markdown, "leaders": leaders}
    if part not in tables:
        raise InputError(f"the judges have no table {part!r}; there are {', '.join(tables)}")
    return tables[part](records_of(cells(data=data), folder))


def markdown(records: Iterable[Record]) -> str:
    """A row for each data set, gold classifier and method, and first what accepted held-out rows have."""
    groups: dict[tuple[str, str], dict[str, list[Record]]] = {}
    for record in records:
        cell = record["cell"]
        problem = cell["data"], cell.get("gold", PAPER_GOLD)
        groups.setdefault(problem, {}).setdefault(cell["label"], []).append(record)
    lines = []
    for problem, methods in groups.items():
        every = [record for group in methods.values() for record in group if "error" not in record]
        if every:
            lines.append(_attainable(problem, every))
        lines += [_line(problem, label, group) for label, group in methods.items()]
    head = ["data", "gold", "method", "seeds", *SCORES, *TESTS.values()]
    notes = notes_on_code(
        (f"{name_of(data)}, {gold}", label, codes_of(group))
        for (data, gold), methods in groups.items()
        for label, group in methods.items()
    )
    return "\n\n".join(filter(None, [markdown_table(head, lines), "\n".join([*_failures(groups), *notes])]))


def leaders(records: Iterable[Record]) -> str:
    """For each data set and gold classifier: the default beside the other method of the highest mean Score.

    Methods that have fewer seeds than the default are left out: their people are others.
    """
    scores = pd.DataFrame(
        [
            (
                *(record["cell"]["data"], record["cell"].get("gold", PAPER_GOLD), record["cell"]["label"]),
                *(record["cell"]["seed"], record["scores"]["score"]),
            )
            for record in records
            if "error" not in record
        ],
        columns=["data", "gold", "label", "seed", "score"],
    )
    lines = []
    for (data, gold), problem in scores.groupby(["data", "gold"], sort=False):
        table = problem.pivot(index="seed", columns="label", values="score").astype(float)
        if DEFAULT not in table:
            continue
        table = table.loc[table[DEFAULT].notna()].dropna(axis=1)
        means = table.mean().sort_values(ascending=False, kind="stable")
        default, place = table[DEFAULT], 1 + list(means.index).index(DEFAULT)
        line = [
            name_of(data),
            gold,
            str(len(table)),
            *(number(of(), 3) for of in (default.mean, default.min)),
            _paper(data) if gold == PAPER_GOLD else "",
        ]
        others = means.drop(DEFAULT)
        if len(others):
            best = others.index[0]
            gap = spread_of(default - table[best], 3, "+")
            lines.append([*line, str(place), best, number(others.iloc[0], 3), gap])
    head = ["data", "gold", "seeds", "GenRe", "its worst seed", "in the paper", "its place"]
    return markdown_table([*head, "best other", "its Score", "GenRe less it, seed by seed"], lines)


def _paper(data: str) -> str:
    """The paper's Score of GenRe, which has two decimals."""
    figures = figures_of(DEFAULT).get(data)
    return number(figures["score"], 2) if figures else ""


def _attainable(problem: tuple[str, str], records: Sequence[Record]) -> list[str]:
    # Each seed draws other labels and people, but the gold classifier and the accepted rows are the same.
    of_them = records[0]["attainable"]
    shown = [number(of_them[figure], 2) for figure in TESTS]
    return [name_of(problem[0]), problem[1], ATTAINABLE, "", *[""] * len(SCORES), *shown]


def _line(problem: tuple[str, str], label: str, group: Sequence[Record]) -> list[str]:
    measured = [record for record in group if "error" not in record]
    seeds = ", ".join(str(record["cell"]["seed"]) for record in measured) + mark_of(codes_of(group))
    scores = pd.DataFrame([record["scores"] for record in measured], columns=list(SCORES.values()))
    tests = pd.DataFrame([record["plausibility"] for record in measured], columns=list(TESTS))
    figures = [frame[name].astype(float) for frame in (scores, tests) for name in frame]
    return [name_of(problem[0]), problem[1], label, seeds, *map(spread_of, figures)]


def _failures(groups: Mapping[tuple[str, str], Mapping[str, Sequence[Record]]]) -> list[str]:
    return [
        f"- {name_of(data)}, {gold}, {label}, seed {record['cell']['seed']}: {record['error']['message']}"
        for (data, gold), methods in groups.items()
        for label, group in methods.items()
        for record in group
        if "error" in record
    ]
