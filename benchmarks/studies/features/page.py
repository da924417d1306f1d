"""The study's tables and its plot, from its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.paper.drawing import LINE, OURS, THEIRS, draw_legend, new_figure, save
from benchmarks.studies.features.study import NNR, PATCHED, PLAIN
from carla_genre.harness.markdown import markdown_table, number, spread_of

Row = Mapping[str, Any]
# Figure -> its head and digits.
SCORES = {
    "score": ("Score", 2),
    "val": ("Val", 2),
    "lof": ("LOF", 2),
    "cost_per_feature": ("Cost/d", 3),
    "likely": ("likely", 2),
}
COSTS = {
    "train_cpu_s": ("training, CPU s", 1),
    "answer_cpu_s": ("answers, CPU s", 2),
    "peak_mb": ("memory, MB", 0),
}
LOSS = {"loss": ("loss", 1)}
LOOKS = {PLAIN: (OURS, "o"), PATCHED: (THEIRS, "s"), NNR: (LINE, "^")}
PANELS = {
    "train_cpu_s": ("training, CPU s", "log"),
    "answer_cpu_s": ("answers, CPU s", "log"),
    "score": ("Score", "linear"),
    "likely": ("share of likely answers", "linear"),
}


def growth_table(record: Row) -> str:
    """A row for each d and method."""
    text = _table(record["figures"]["growth"], ("d", "label"), {**COSTS, **SCORES})
    return f"{text}\n\n{_legend(record['settings'])}"


def remedies_table(record: Row) -> str:
    """A row for each way that was tried."""
    rows = record["figures"]["remedies"]
    times = {name: form for name, form in COSTS.items() if name != "peak_mb"}
    return _table(rows, ("d", "label"), {**times, **SCORES, **LOSS})


def real_table(record: Row) -> str:
    """A row for each real table and method."""
    scores = {name: form for name, form in SCORES.items() if name != "likely"}
    return _table(record["figures"]["real"], ("data", "d", "label"), {**COSTS, **scores})


def profile_table(record: Row) -> str:
    """Where a step of training goes, a row for each d and network."""
    rows = [row for row in record["figures"]["growth"] if "step_cpu_s" in row]
    shares = [name for name in rows[0] if name.startswith("share_")]
    columns = {
        "step_cpu_s": ("a step, CPU s", 3),
        **{name: (name.removeprefix("share_") + ", %", 0) for name in shares},
    }
    percent = [{**row, **{name: 100 * row[name] for name in shares}} for row in rows]
    return _table(percent, ("d", "label"), columns)


def order_table(record: Row) -> str:
    """A row for each data set and order: mean and standard deviation over the seeds."""
    rows = pd.DataFrame(record["figures"]["orders"])
    figures = {**{name: form for name, form in SCORES.items() if name in rows}, "loss": ("loss", 2)}
    lines = []
    for (data, order), group in rows.groupby(["data", "order"], sort=False):
        found = [spread_of(group[name], digits) for name, (_, digits) in figures.items()]
        lines.append([str(data), str(order), ", ".join(map(str, group["seed"])), *found])
    return markdown_table(["data", "order", "seeds", *(head for head, _ in figures.values())], lines)


def _table(rows: Sequence[Row], keys: Sequence[str], columns: Mapping[str, tuple[str, int]]) -> str:
    lines = [
        [
            *(str(row[key]) + ("" if row["trained"] or key != "label" else " †") for key in keys),
            *(number(row.get(name), digits) for name, (_, digits) in columns.items()),
        ]
        for row in rows
    ]
    heads = ["way" if key == "label" else key for key in keys]
    return markdown_table([*heads, *(head for head, _ in columns.values())], lines)


def _legend(settings: Row) -> str:
    return (
        f"Seed {settings['seed']}, {settings['rows']} train rows, {settings['steps']} steps of "
        f"{settings['batch_size']} pairs, {settings['factuals']} people with ten candidates each, one thread. likely: "
        "share of answers whose exact density is above that of the least likely twentieth of accepted rows. Memory: "
        "the peak over that of data, h and LOF, of all rows so far at this d. †: not trained; a few steps were timed, "
        "and the training is extrapolated from them alone."
    )


def draw(rows: Sequence[Row], path: Path) -> tuple[Path, Path]:
    """Draw time, Score and likelihood against d.

    Parameters
    ----------
    rows : sequence of dict
        The record's ``growth``.
    path : Path
        Of the files to write, without their suffix.
    """
    figure = new_figure(9.0, 3.0)
    panels = figure.subplots(1, len(PANELS))
    handles = {}
    for axes, (name, (title, scale)) in zip(panels, PANELS.items(), strict=True):
        for label, (colour, marker) in LOOKS.items():
            points = [
                (row["d"], row[name]) for row in rows if row["label"] == label and row.get(name) is not None
            ]
            if points and not (label == NNR and name == "train_cpu_s"):
                handles[label] = axes.plot(
                    *zip(*points, strict=True), color=colour, marker=marker, markersize=4
                )[0]
        axes.set(title=title, xlabel="d", xscale="log", yscale=scale)
        ticks = sorted({row["d"] for row in rows})
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
    draw_legend(figure, handles, width=2.2)
    return save(figure, path)
