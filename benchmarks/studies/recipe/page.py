"""The study's table: seconds of training and Score of each recipe, a column a data set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from benchmarks.paper.published import NAMES
from carla_genre.harness.code import mark_of
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.table import mean_and_spread, notes, table

FOLDER = Path(__file__).parent


def markdown(records: Iterable[dict[str, Any]], grid: str) -> str:
    """A grid's labels, in its order: a data set's seconds of training (the processor's), and the Score over the seeds.

    Labels that only the records have come last: they were measured with what is no longer in the package. A label that
    has no record has no line.

    Parameters
    ----------
    records : iterable of dict
    grid : {"recipe", "goals"}
        The file's name.
    """
    order = yaml.safe_load((FOLDER / f"{grid}.yaml").read_text(encoding="utf-8"))["recourse_methods"]
    figures = table(records)
    rows = figures.set_index(["data", "method"])
    names = [name for name in NAMES if name in rows.index.get_level_values("data")]
    head = ["recipe", *(f"{NAMES[name]}: {what}" for name in names for what in ("s", "Score"))]
    measured = set(rows.index.get_level_values("method"))
    recipes = dict.fromkeys(
        [*(one for one in order if one in measured), *rows.index.get_level_values("method")]
    )
    lines = []
    for recipe in recipes:
        line = [recipe]
        for name in names:
            if (name, recipe) in rows.index:
                row = rows.loc[(name, recipe)]
                score = mean_and_spread(row, "Score", 3)
                line += [number(row["prepare s"], 1), score + mark_of(row["code"])]
            else:
                line += ["-", "-"]
        lines.append(line)
    foot = "\n".join(notes(figures.replace({"data": NAMES})))
    return "\n\n".join(filter(None, [markdown_table(head, lines), foot]))
