"""Figure 4: what GenRe, by the paper's rule of choosing, and CRUDS do with the weight of the cost, lambda.

python -m benchmarks.paper.figure4 [--quick] [--root DIR] [--results DIR] [--data ...] [--seeds ...] [--no-run]

One column a data set, one point a lambda: -Cost/d on an exponential axis, as in the paper, against soft validity (the
mean probability of the gold classifier) above and the share of inliers below; bars are the standard deviation over
seeds. The paper has its own curves as a picture only. Of GenRe its table 12 has Cost and LOF, which are drawn hollow;
of CRUDS over lambda it has no numbers. Written: figure4.png, .svg, .md, .csv.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.paper.command import Command, Record, tables
from benchmarks.paper.comparison_page import note_on_rows
from benchmarks.paper.drawing import OURS, THEIRS, draw_legend, new_figure, save
from benchmarks.paper.measured_seeds import notes_on_seeds, seeds_of, shown_seeds
from benchmarks.paper.one_training import OneTraining
from benchmarks.paper.published import LEAK, NAMES, name_of, published
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.table import mean_and_spread, over_seeds

# Label -> method and lambda.
POINTS = {
    "GenRe, lambda 0.5": ("GenRe", 0.5),
    "GenRe, lambda 1": ("GenRe", 1.0),
    "GenRe, lambda 2.5": ("GenRe", 2.5),
    "GenRe, validity": ("GenRe", 5.0),
    "GenRe, lambda 10": ("GenRe", 10.0),
    **{f"CRUD, lambda {weight:g}": ("CRUDS", weight) for weight in (0.5, 1.0, 2.5, 5.0, 10.0)},
}
# Measured with the figure, because one training serves both, and not drawn.
OF_TABLE_2 = "CRUD"
# Label -> what published.json has it under, where that is not the label; of CRUDS over lambda the paper has nothing.
THEIR_LABELS = {"GenRe, validity": "GenRe"}
LOOKS = {"GenRe": (OURS, "o"), "CRUDS": (THEIRS, "s")}
ROWS = {"soft Val": "soft validity", "LOF": "LOF, share of inliers"}
_ACROSS = "-Cost/d"
_MEASURES = (_ACROSS, "soft Val", "Val", "LOF")


def compared(records: Sequence[Record]) -> pd.DataFrame:
    """One row a data set and label, in the paper's order; records of other methods are left out.

    Returns
    -------
    DataFrame
        ``data``, ``method``, ``lambda``, ``name`` (both); of ``-Cost/d``, ``soft Val``, ``Val`` and ``LOF`` what
        :func:`carla_genre.harness.table.over_seeds` has; the paper's as ``paper -Cost/d``, ``paper Val``,
        ``paper LOF``, where it has them; ``people`` a seed, ``train rows`` (None for all); what
        :func:`benchmarks.paper.measured_seeds.seeds_of` says.
    """
    sets, labels = list(NAMES), list(POINTS)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in sorted(records, key=lambda record: record["cell"]["seed"]):
        key = record["cell"]["data"], record["cell"]["label"]
        if key[0] in NAMES and key[1] in POINTS:
            groups.setdefault(key, []).append(record)
    order = sorted(groups, key=lambda key: (sets.index(key[0]), labels.index(key[1])))
    return pd.DataFrame([_row(data, label, groups[data, label]) for data, label in order])


def _row(data: str, label: str, group: Sequence[Record]) -> dict[str, Any]:
    method, weight = POINTS[label]
    measured = pd.DataFrame(
        [_measured(record["scores"]) for record in group if "error" not in record],
        columns=list(_MEASURES),
        dtype=float,
    )
    features, theirs = (
        published()["data"][data]["features"],
        published()["methods"].get(THEIR_LABELS.get(label, label), {}).get(data, {}),
    )
    paper = {
        _ACROSS: -theirs["cost"] / features if theirs else None,
        "Val": theirs.get("val"),
        "LOF": theirs.get("lof"),
    }
    return {
        "data": data,
        "method": method,
        "lambda": weight,
        "name": f"{method}, λ = {weight:g}",
        "people": group[0]["cell"]["n_factuals"],
        "train rows": group[0]["cell"]["rows"],
        **over_seeds(measured),
        **{f"paper {name}": float("nan") if value is None else value for name, value in paper.items()},
        **seeds_of(group),
    }


def _measured(scores: Mapping[str, Any]) -> list[float | None]:
    cost = None if scores["cost"] is None else -scores["cost"] / scores["d"]
    return [cost, scores["soft_val"], scores["val"], scores["lof"]]


def markdown(rows: pd.DataFrame) -> str:
    """The rows of :func:`compared` as Markdown."""
    head = ["data", "method", "seeds", *_MEASURES, "paper: -Cost/d", "Val", "LOF"]
    lines = [
        [
            name_of(row["data"]),
            row["name"],
            shown_seeds(row),
            mean_and_spread(row, _ACROSS, 3),
            *(mean_and_spread(row, name) for name in _MEASURES[1:]),
            number(row[f"paper {_ACROSS}"], 3),
            *(number(row[f"paper {name}"], 2) for name in ("Val", "LOF")),
        ]
        for row in rows.to_dict("records")
    ]
    people = ", ".join(str(count) for count in rows["people"].unique())
    notes = [
        f"Mean ± standard deviation over the seeds; {people} people each. The paper has its curves as a picture only: "
        "of GenRe its table 12 has Cost, Val and LOF, of CRUDS over λ it has no numbers."
    ]
    notes += note_on_rows(rows)
    notes += [LEAK] if (rows["data"] == "heloc").any() else []
    parts = [markdown_table(head, lines), "\n".join(notes), "\n".join(notes_on_seeds(rows))]
    return "\n\n".join(filter(None, parts)) + "\n"


def draw(records: Sequence[Record], path: Path) -> tuple[Path, Path]:
    """Draw one column a data set: soft validity above, the share of inliers below.

    Parameters
    ----------
    records : sequence of dict
        Of ``POINTS``' labels. What is not measured is left out.
    path : Path
        Of the files to write, without their suffix.

    Returns
    -------
    tuple of Path
        The PNG and the SVG.
    """
    rows = compared(records)
    sets = list(rows["data"].unique())
    figure = new_figure(1.0 + 3.4 * len(sets), 6.4)
    panels = figure.subplots(len(ROWS), len(sets), squeeze=False, sharey="row", sharex="col")
    for column, data in enumerate(sets):
        here = rows[rows["data"] == data]
        for row, (measure, label) in enumerate(ROWS.items()):
            axes = panels[row, column]
            for method, series in here.groupby("method", sort=False):
                _series(axes, series, measure, *LOOKS[str(method)])
            if measure == "LOF":
                _paper(axes, here.dropna(subset=["paper LOF"]))
            axes.grid(alpha=0.25, linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_ylim(-0.03, 1.05)
            if column == 0:
                axes.set_ylabel(label)
        exponential_axis(panels[0, column], here)
        panels[0, column].set_title(name_of(data))
        panels[-1, column].set_xlabel("\N{MINUS SIGN}Cost/d (exponential axis), right is cheaper")
    _legend(figure)
    return save(figure, path)


def _series(axes: Any, series: pd.DataFrame, measure: str, colour: str, marker: str) -> None:
    """One method's points, joined in the order of lambda, the larger the lambda the larger the mark."""
    series = series.sort_values("lambda").dropna(subset=[_ACROSS, measure])
    across, up = series[_ACROSS], series[measure]
    axes.errorbar(
        across,
        up,
        xerr=series[f"{_ACROSS} std"].fillna(0.0),
        yerr=series[f"{measure} std"].fillna(0.0),
        color=colour,
        linewidth=1,
        elinewidth=0.8,
        capsize=2,
    )
    axes.scatter(
        across, up, s=_size(series["lambda"]), color=colour, marker=marker, edgecolor="white", zorder=4
    )


def _paper(axes: Any, rows: pd.DataFrame) -> None:
    for method, series in rows.groupby("method", sort=False):
        colour, marker = LOOKS[str(method)]
        axes.scatter(
            series[f"paper {_ACROSS}"],
            series["paper LOF"],
            s=_size(series["lambda"]),
            facecolor="none",
            edgecolor=colour,
            marker=marker,
            zorder=3,
        )


def _size(weight: Any) -> Any:
    """A mark's area, in points squared."""
    return 22 + 30 * np.sqrt(weight)


def exponential_axis(axes: Any, rows: pd.DataFrame) -> None:
    """The paper's axis: equal steps of exp(-Cost/d)."""
    reach = rows[f"{_ACROSS} std"].fillna(0.0)
    ends = pd.concat([rows[_ACROSS] - reach, rows[_ACROSS] + reach, rows[f"paper {_ACROSS}"]]).dropna()
    axes.set_xscale("function", functions=(np.exp, np.log))
    axes.locator_params(axis="x", nbins=5)
    if len(ends):
        margin = 0.06 * (ends.max() - ends.min()) or 0.01
        axes.set_xlim(ends.min() - margin, ends.max() + margin)


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D

    def mark(colour: str, marker: str, weight: float, **more: Any) -> Line2D:
        size = _size(weight) ** 0.5
        return Line2D([], [], linestyle="", color=colour, marker=marker, markersize=size, **more)

    entries = {method: mark(colour, marker, 2.5) for method, (colour, marker) in LOOKS.items()}
    entries["GenRe, the paper's table 12"] = mark(OURS, "o", 2.5, markerfacecolor="none")
    for weight in sorted({weight for _, weight in POINTS.values()}):
        entries[f"λ = {weight:g}"] = mark("#808080", "o", weight)
    draw_legend(figure, entries, width=2.1)


def write(records: list[Record], path: Path) -> str:
    """Draw, and write the points as Markdown and CSV."""
    draw(records, path)
    return tables(compared, markdown)(records, path)


COMMAND = Command(
    name="figure4",
    about=__doc__ or "",
    write=write,
    grid="figure4.yaml",
    labels=(*POINTS, OF_TABLE_2),
    measure_one=OneTraining(),
)

if __name__ == "__main__":
    sys.exit(COMMAND.main())
