"""The table and the figure of causal recourse, from records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.causal.models import TRUTHS
from benchmarks.causal.study import METHODS
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
    """Cost of the actions against h > .5 after acting, a panel a model; written as PNG and SVG."""
    from matplotlib.lines import Line2D

    rows = table(records)
    models = [name for name in TRUTHS if name in set(rows["model"])]
    figure = new_figure(2.6 * len(models), 3.2)
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for panel, model in zip(panels, models, strict=True):
        panel.set_title(TRUTHS[model].title)
        panel.axhline(GOAL, color=LINE, linewidth=0.8, linestyle=":")
        of_model = rows[rows["model"] == model]
        for label, group in of_model.groupby("label", sort=False):
            name, told = METHODS[label]
            cost, after = group["cost"].astype(float), group["after"].astype(float)
            panel.scatter(cost, after, s=8, marker=MARKS[told], color=COLOURS[name], alpha=0.35, linewidths=0)
            panel.scatter(cost.mean(), after.mean(), s=60, marker=MARKS[told], color=COLOURS[name])
        panel.set_xlabel("cost of the actions")
        panel.set_xlim(left=0)
    panels[0].set_ylabel("h > .5 after acting")
    entries = {name: Line2D([], [], color=colour, linewidth=3) for name, colour in COLOURS.items()}
    entries |= {
        words: Line2D([], [], color=LINE, marker=MARKS[told], linewidth=0) for told, words in TOLD.items()
    }
    draw_legend(figure, entries, 2.4)
    return save(figure, path)
