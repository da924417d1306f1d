"""Figure 2: where nine methods send the denied of three toys.

python -m benchmarks.paper.figure2 [--quick] [--results DIR] [--no-run]

Training rows in light red (denied) and light blue (accepted) by their drawn labels, the boundary of h, people in dark
red joined to their answers. Written: figure2.png, .svg, .md, .csv, and figure2.json, the ground that is drawn upon.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.paper.command import NOT_MEASURED, Command, Record, tables
from benchmarks.paper.drawing import ACCEPTED, ANSWER, DENIED, LINE, PERSON, draw_legend, new_figure, save
from benchmarks.paper.measured_seeds import notes_on_seeds, seeds_of
from benchmarks.paper.toys import LEAST, MOST, TITLES, draw_ground, ground
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.record import environment, write_record
from carla_genre.protocol import prepare

Grounds = Mapping[str, Mapping[str, Any]]

# Label -> what the paper calls it.
METHODS = {
    "Wachter": "Wachter",
    "GrowingSpheres": "GS",
    "Dice": "DiCE",
    "ROAR": "ROAR",
    "PROBE": "PROBE",
    "TAP": "TAP",
    "CCHVAE": "CCHVAE",
    "CRUD": "CRUDS",
    "GenRe, validity": "GenRe",
}
_PANEL = 1.75  # inches


def compared(records: Sequence[Record]) -> pd.DataFrame:
    """One row a toy and method: the figures that stand under a panel.

    Returns
    -------
    DataFrame
        ``data``, ``method``, ``name``, ``seed``, ``people``; ``Cost``, ``Val``, ``LOF``, ``Score``, ``answered``;
        ``outside``, answers that leave the picture; and what :func:`benchmarks.paper.measured_seeds.seeds_of` says.
    """
    return pd.DataFrame([_row(record) for record in _ordered(records)])


def markdown(rows: pd.DataFrame) -> str:
    """The rows of :func:`compared` as Markdown. The paper gives no numbers for this figure."""
    head = ["data", "method", "Cost", "Val", "LOF", "Score", "answered", "outside of the picture"]
    lines = [
        [
            TITLES[row["data"]],
            row["name"],
            *(number(row[name], 2) for name in head[2:7]),
            number(row["outside"], 0),
        ]
        for row in rows.to_dict("records")
    ]
    people, seeds = (", ".join(str(value) for value in rows[name].unique()) for name in ("people", "seed"))
    told = f"{people} denied test rows of each toy, seed {seeds}. The paper gives no numbers for this figure."
    notes = "\n".join(notes_on_seeds(rows))
    return "\n\n".join(filter(None, [markdown_table(head, lines), told, notes])) + "\n"


def grounds(records: Sequence[Record], path: Path) -> Grounds:
    """Each toy's training rows and h: what ``path`` has, made where it has not and written there."""
    wanted = {record["cell"]["data"]: _setting(record) for record in records}
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["settings"] == wanted:
            figures: Grounds = kept["figures"]
            return figures
    made = {data: ground(prepare(data, **setting)) for data, setting in wanted.items()}
    write_record(path, {"settings": wanted, "figures": made, "environment": environment()})
    return made


def draw(records: Sequence[Record], path: Path) -> tuple[Path, Path]:
    """Draw one row a toy, one column a method.

    Parameters
    ----------
    records : sequence of dict
        Of one seed, with ``factuals`` and ``answers``; a failed one is an empty panel that says so.
    path : Path
        Of the files to write, without their suffix; the ground is in the one with .json, and is put there if need be.

    Returns
    -------
    tuple of Path
        The PNG and the SVG.
    """
    under = grounds(records, path.with_suffix(".json"))
    placed = {(record["cell"]["data"], record["cell"]["label"]): record for record in records}
    toys = [toy for toy in TITLES if any(data == toy for data, _ in placed)]
    methods = [label for label in METHODS if any(name == label for _, name in placed)]
    figure = new_figure(0.4 + _PANEL * len(methods), 0.7 + (_PANEL + 0.45) * len(toys))
    panels = figure.subplots(len(toys), len(methods), squeeze=False, sharex=True, sharey=True)
    for row, column in np.ndindex(*panels.shape):
        axes, record = panels[row, column], placed.get((toys[row], methods[column]))
        draw_ground(axes, under[toys[row]])
        if record is not None:
            axes.set_xlabel(_caption(record), fontsize=9)
            if "error" not in record:
                _answers(axes, record)
        if row == 0:
            axes.set_title(METHODS[methods[column]])
        if column == 0:
            axes.set_ylabel(TITLES[toys[row]], fontsize=11)
    _legend(figure)
    return save(figure, path)


def _ordered(records: Sequence[Record]) -> list[Record]:
    toys, methods = list(TITLES), list(METHODS)
    places = {id(r): (toys.index(r["cell"]["data"]), methods.index(r["cell"]["label"])) for r in records}
    return sorted(records, key=lambda record: places[id(record)])


def _setting(record: Record) -> dict[str, Any]:
    cell = record["cell"]
    return {"seed": cell["seed"], "n_factuals": cell["n_factuals"], "rows": cell["rows"]}


def _row(record: Record) -> dict[str, Any]:
    cell, scores = record["cell"], record.get("scores", {})
    measures = {name: scores.get(name.lower()) for name in ("Cost", "Val", "LOF", "Score", "answered")}
    return {
        "data": cell["data"],
        "method": cell["label"],
        "name": METHODS[cell["label"]],
        "seed": cell["seed"],
        "people": cell["n_factuals"],
        **{name: float("nan") if value is None else value for name, value in measures.items()},
        "outside": _outside(record) if scores else float("nan"),
        **seeds_of([record]),
    }


def _outside(record: Record) -> int:
    answers = [answer for answer in record["answers"] if answer is not None]
    return sum(min(answer) < LEAST or max(answer) > MOST for answer in answers)


def _answers(axes: Any, record: Record) -> None:
    """People, and lines to their answers; who has none is a ring."""
    for person, answer in zip(record["factuals"], record["answers"], strict=True):
        found = answer is not None
        if found:
            axes.plot(*zip(person, answer, strict=True), color=LINE, linewidth=0.5, zorder=3)
            axes.scatter(*answer, s=11, color=ANSWER, linewidth=0, zorder=5)
        axes.scatter(
            *person,
            s=11,
            facecolor=PERSON if found else "white",
            edgecolor=PERSON,
            linewidth=0 if found else 0.9,
            zorder=4,
        )


def _caption(record: Record) -> str:
    if "error" in record:
        return "not measured" if record["error"]["type"] == NOT_MEASURED else "failed"
    scores, outside = record["scores"], _outside(record)
    beyond = f" ({outside} outside)" if outside else ""
    return f"Cost {number(scores['cost'], 2)}{beyond}\nVal {number(scores['val'], 2)}  LOF {number(scores['lof'], 2)}"


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D

    def dot(colour: str, size: float, **more: Any) -> Line2D:
        return Line2D([], [], linestyle="", marker="o", color=colour, markersize=size, **more)

    entries = {
        "training row, denied": dot(DENIED, 4),
        "training row, accepted": dot(ACCEPTED, 4),
        "h = 0.5": Line2D([], [], color=LINE, linewidth=1.2),
        "denied person": dot(PERSON, 5),
        "answer": dot(ANSWER, 5),
        "person without an answer": dot(PERSON, 5, markerfacecolor="white"),
    }
    draw_legend(figure, entries, width=2.0)


def write(records: list[Record], path: Path) -> str:
    """Draw the first seed, and write the figures under the panels as Markdown and CSV."""
    seed = records[0]["cell"]["seed"]
    records = [record for record in records if record["cell"]["seed"] == seed]
    draw(records, path)
    return tables(compared, markdown)(records, path)


COMMAND = Command(
    name="figure2", about=__doc__ or "", write=write, grid="figure2.yaml", labels=tuple(METHODS)
)

if __name__ == "__main__":
    sys.exit(COMMAND.main())
