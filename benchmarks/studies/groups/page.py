"""The study's table: each variant before each gold classifier, in each group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from benchmarks.paper.published import name_of
from benchmarks.studies.groups.study import GROUPS
from benchmarks.studies.records import listed, rows_of, with_legend
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table

FIGURES = {"score": "Score", "val": "Val", "lof": "LOF"}


def markdown(records: Iterable[Mapping[str, Any]]) -> str:
    """Means over all people of all seeds.

    Raises
    ------
    InputError
        Nothing was measured.
    """
    found = list(records)
    if not found:
        raise InputError("the study of groups has no records")
    lines = []
    for (data, gold, method), rows in rows_of(found).groupby(["data", "gold", "method"], sort=False):
        line = [name_of(data), gold, method]
        for name in GROUPS:
            group = rows[rows["peers"] == name]
            line.append(str(group["people"].sum()))
            for figure in FIGURES:
                mean = np.average(group[figure], weights=group["people"]) if len(group) else None
                line.append("-" if mean is None else f"{mean:.2f}")
        lines.append(line)
    few = GROUPS["few"]
    kinds = ["no accepted row", f"`{few.start}` to `{few.stop - 1}`", f"`{few.stop}` or more"]
    heads = [head for kind in kinds for head in (kind, *FIGURES.values())]
    table = markdown_table(["data", "gold", "method", *heads], lines)
    seeds, people = listed(found, "seed"), listed(found, "factuals")
    legend = (
        f"Seeds {seeds}, {people} people each; people and means over them, by how many rows of D_h+ share "
        "their immutable features."
    )
    return with_legend(table, legend, found)
