"""The table of results in short: a few methods of the paper's table 2, GenRe's among them, from the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.paper.published import ALL_NAMES, NAMES, figures_of, name_of
from carla_genre.harness.code import mark_of
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.table import HELD, mean_and_spread, notes, table

# One of each kind: near h, by trial, diverse, by a likelihood, the nearest row, the nearest rows with GenRe's selector,
# and GenRe by its rules.
LABELS = (
    *("Wachter", "GrowingSpheres", "Dice", "CRUD"),
    *("NNR-D_h+", "NNR+Score", "GenRe", "GenRe, validity", "GenRe, cheapest"),
)
HEAD = (
    *("data", "method", "seeds", "Cost", "Val", "LOF", "Score", "paper's Score"),
    *("still valid when h is trained again", "answers that break a constraint", "training, s", "answers, s"),
)


def in_order(records: Iterable[Mapping[str, Any]], labels: Sequence[str]) -> list[Mapping[str, Any]]:
    """The records of some labels: data sets as the paper has them, then others; labels and seeds in their order."""
    return sorted(
        (record for record in records if record["cell"]["label"] in labels),
        key=lambda record: (
            list(ALL_NAMES).index(record["cell"]["data"]),
            labels.index(record["cell"]["label"]),
            record["cell"]["seed"],
        ),
    )


def headline(records: Iterable[Mapping[str, Any]]) -> str:
    """Mean ± standard deviation over the seeds, and below where and when it was measured."""
    ordered = in_order(records, LABELS)
    rows = table(ordered)
    rows = rows[rows["constraints"] != HELD]
    lines = [
        [
            name_of(row["data"]),
            (f"**{row['method']}**" if row["method"].startswith("GenRe") else row["method"])
            + mark_of(row["code"]),
            str(row["seeds"]),
            *(mean_and_spread(row, name) for name in ("Cost", "Val", "LOF", "Score")),
            number(figures_of(row["method"]).get(row["data"], {}).get("score"), 2),
            number(row["future validity, rows"], 2),
            number(row["violations"], 0),
            number(row["prepare s"], 0),
            number(row["answer s"], 2),
        ]
        for row in rows.to_dict("records")
    ]
    return "\n".join(
        [markdown_table(HEAD, lines), "", _circumstances(ordered), *notes(rows.replace({"data": NAMES}))]
    )


def _circumstances(records: Iterable[Mapping[str, Any]]) -> str:
    """People and machine of the records."""
    cells, places = [], []
    for record in records:
        cells.append(record["cell"])
        places.append(record["environment"]["hardware"])
    people = sorted({cell["n_factuals"] for cell in cells})
    machines = sorted({place["gpu"] or f"one thread of {place['processor']}" for place in places})
    return f"{_listed(people)} people each, mean ± standard deviation over the seeds; {_listed(machines)}."


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)
