"""README's table: GenRe beside the nearest rows and the best of CARLA's methods, with and without constraints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.constrained.page import both_of
from benchmarks.constrained.sets import DATA
from benchmarks.pages.headline import in_order
from benchmarks.paper import table2
from benchmarks.paper.published import name_of
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.table import HELD, table
from carla_genre.methods.carla import CARLA_METHODS

HEAD = (
    *("data", "what may not change", "GenRe: Score", "answered"),
    *("nearest accepted rows: Score", "answered", "best of CARLA's methods: Score"),
)
OURS, NEAREST = "GenRe", "NNR+Score"


def summary(paper: Iterable[Mapping[str, Any]], constrained: Iterable[Mapping[str, Any]]) -> str:
    """Means over the seeds of the paper's protocol, then over the random sets that freeze more than half.

    Raises
    ------
    InputError
        GenRe or the nearest rows are not measured.
    """
    lines: list[Sequence[str]] = []
    rows = table(in_order(paper, [*table2.LABELS, NEAREST]))
    rows = rows[rows["constraints"] != HELD]
    for data, group in rows.groupby("data", sort=False):
        by_label = {row["method"]: row for row in group.to_dict("records")}
        if not {OURS, NEAREST} <= set(by_label):
            raise InputError(f"{OURS} and {NEAREST} are not measured on {data}")
        two = (number(by_label[one][name], 2) for one in (OURS, NEAREST) for name in ("Score", "answered"))
        lines.append([name_of(data), "the paper's immutables", *two, best_of_carla(by_label)])
    both = both_of(constrained)
    both = both[2 * both["frozen"] > both["d"]]
    for data in [name for name in DATA if name in set(both["data"])]:
        means = (
            both[both["data"] == data][["score", "answered", "score near", "answered near"]]
            .astype(float)
            .mean()
        )
        digits = [number(means[name], 2) for name in means.index]
        lines.append([name_of(data), "more than half of all", *digits, "-"])
    return markdown_table(HEAD, lines)


def best_of_carla(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The highest Score, whose it is, and of how many seeds, where they are fewer than GenRe's."""
    scored = [row for label, row in rows.items() if label in CARLA_METHODS and pd.notna(row["Score"])]
    if not scored:
        return "-"
    best = max(scored, key=lambda row: row["Score"])
    some = f", answers in {best['Score seeds']}" if best["Score seeds"] else ""
    fewer = f", of {best['seeds']} seeds" if best["seeds"] < rows[OURS]["seeds"] else ""
    broken = f"{number(best['violations'], 0)} break a constraint"
    return f"{number(best['Score'], 2)} ({best['method']}{some}{fewer}; {broken})"
