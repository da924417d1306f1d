"""The table and the figure of causal recourse, from records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.causal.models import TRUTHS
from benchmarks.causal.study import METHODS, PARTS
from benchmarks.paper.drawing import LINE, OURS, THEIRS, draw_legend, new_figure, save
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table, number, spread

Record = Mapping[str, Any]
COLUMNS = {
    "answered": "answered",
    "said": "h > .5, as answered",
    "after": "h > .5 after acting",
    "cost": "cost of the actions",
    "actions": "actions",
    "consistent": "consistent",
}
# What a method is told -> its mark in the figure.
MARKS = {None: "o", "true": "s", "fitted": "^"}
TOLD = {None: "told no causes", "true": "told the equations", "fitted": "told the graph, equations fitted"}
COLOURS = {"GenRe": OURS, "NNR": "#009e73", "CausalRecourse": THEIRS}
GOAL = 0.95


def read_records(folder: Path) -> list[Record]:
    """The records of a folder, in the order of the models and seeds.

    Raises
    ------
    InputError
        There are none, or one cannot be read.
    """
    found = []
    for path in sorted(folder.glob("*_seed*.json")):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is no record of this benchmark, remove it: {error}") from error
    if not found:
        raise InputError(f"{folder} has no records: python -m benchmarks.causal makes them")
    models = list(TRUTHS)
    return sorted(found, key=lambda one: (models.index(one["settings"]["model"]), one["settings"]["seed"]))


def table(records: Iterable[Record]) -> pd.DataFrame:
    """A row a model, seed and method, with the figures of :func:`benchmarks.causal.study.measured`."""
    return pd.DataFrame(
        [
            {"model": record["settings"]["model"], "seed": record["settings"]["seed"], **row}
            for record in records
            for row in record["figures"]["rows"]
        ]
    )


def markdown(records: Iterable[Record]) -> str:
    """A line a model and method: means over the seeds, and the deviation of what the goal is about."""
    rows, lines = table(records), []
    for (model, label), group in rows.groupby(["model", "label"], sort=False):
        means = group[list(COLUMNS)].astype(float).mean()
        after = spread(means["after"], group["after"].astype(float).std(), 3)
        cells = [after if name == "after" else number(means[name], 2) for name in COLUMNS]
        lines.append([TRUTHS[model].title, label, str(group["people"].sum()), *cells])
    seeds = ", ".join(map(str, sorted(set(rows["seed"]))))
    return f"{markdown_table(['model', 'method', 'people', *COLUMNS.values()], lines)}\n\nMeans over seeds {seeds}."


def draw(records: Iterable[Record], path: Path) -> tuple[Path, Path]:
    """Cost of the actions against h > .5 after acting, a column a model, a row a part; written as PNG and SVG."""
    from matplotlib.lines import Line2D

    rows = table(records)
    models = [name for name in TRUTHS if name in set(rows["model"])]
    figure = new_figure(2.5 * len(models), 5.4)
    panels = figure.subplots(len(PARTS), len(models), sharey=True, sharex="col", squeeze=False)
    for line, part in zip(panels, PARTS, strict=True):
        line[0].set_ylabel(f"{part}:\nh > .5 after acting")
        for panel, model in zip(line, models, strict=True):
            panel.axhline(GOAL, color=LINE, linewidth=0.8, linestyle=":")
            _draw_methods(panel, rows[(rows["model"] == model) & (rows["part"] == part)])
    for column, model in enumerate(models):
        panels[0, column].set_title(TRUTHS[model].title)
        panels[-1, column].set_xlabel("cost of the actions")
        panels[-1, column].set_xlim(left=0)
    entries = {name: Line2D([], [], color=colour, linewidth=3) for name, colour in COLOURS.items()}
    entries |= {
        words: Line2D([], [], color=LINE, marker=MARKS[told], linewidth=0) for told, words in TOLD.items()
    }
    draw_legend(figure, entries, 2.6)
    return save(figure, path)


def _draw_methods(panel: Any, rows: pd.DataFrame) -> None:
    """A small mark a seed, and a large one for their mean."""
    for label, group in rows.groupby("label", sort=False):
        name, told = METHODS[label]
        cost, after = group["cost"].astype(float), group["after"].astype(float)
        style = {"marker": MARKS[told], "color": COLOURS[name]}
        panel.scatter(cost, after, s=8, alpha=0.35, linewidths=0, **style)
        panel.scatter(cost.mean(), after.mean(), s=45, **style)
