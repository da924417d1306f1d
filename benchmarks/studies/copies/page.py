"""The study's table: each data set with copies and without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.paper.published import NAMES
from benchmarks.studies.records import listed, rows_of, with_legend
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table, spread_of

COLUMNS = {
    "score": ("Score", 3),
    "answered": ("answered", 2),
    "val": ("Val", 2),
    "lof": ("LOF", 2),
    "cost": ("Cost", 2),
    "Copies": ("copies", 2),
    "Rare_Copies": ("of fewer than `5` rows", 2),
    "Closest_Distance": ("distance to the closest row", 3),
    "Closest_Distance_Ratio": ("over that of new people", 2),
}


def markdown(records: Iterable[Mapping[str, Any]]) -> str:
    """Mean and standard deviation over the seeds.

    Raises
    ------
    InputError
        Nothing was measured.
    """
    found = list(records)
    if not found:
        raise InputError("the study of copies has no records")
    rows = rows_of(found)
    lines = []
    for data in [name for name in NAMES if name in set(rows["data"])]:
        for copies in (True, False):
            group = rows[(rows["data"] == data) & (rows["copies"] == copies)]
            figures = (spread_of(group[name], digits) for name, (_, digits) in COLUMNS.items())
            lines.append([NAMES[data], f"`{copies}`", *figures])
    table = markdown_table(["data", "`copies`", *(head for head, _ in COLUMNS.values())], lines)
    seeds = {data: sorted(set(group["seed"])) for data, group in rows.groupby("data")}
    of_each = "; ".join(f"{NAMES[data]} {', '.join(map(str, numbers))}" for data, numbers in seeds.items())
    people = listed(found, "factuals")
    legend = (
        f"Mean ± standard deviation over seeds ({of_each}), {people} people each, the paper's immutables."
    )
    return with_legend(table, legend, found)
