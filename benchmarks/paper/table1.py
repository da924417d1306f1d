"""Table 1: the data sets' statistics and the accuracy of h; of the cheapest cells of table2.yaml.

python -m benchmarks.paper.table1 --root FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import pandas as pd

from benchmarks.paper.command import Command, Record, tables
from benchmarks.paper.measured_seeds import notes_on_seeds, of_the_paper_s_protocol, seeds_of, shown_seeds
from benchmarks.paper.published import LEAK, NAMES, name_of, published
from carla_genre.harness.markdown import markdown_table, number, spread

LABEL = "CopyFactual"
# What does not depend on the seed.
COUNTS = ("features", "categorical", "immutable", "positive", "negative", "train rows", "test rows")
CHECKS = (
    *("features", "categorical features", "immutable features"),
    *("train rows", "test rows", "positive rate before"),
)
RATES = {"positive rate": "positive rate after", "accuracy of h": "test accuracy of h"}


def compared(records: Iterable[Record]) -> pd.DataFrame:
    """One row a data set.

    Parameters
    ----------
    records : iterable of dict
        In any order. Whatever methods they are of, they have the same h; one each for a data set and seed is taken,
        of a cell that was measured where there is one.

    Returns
    -------
    DataFrame
        ``data``; ``COUNTS``, of which ``positive`` and ``negative`` are the train rows before labels are drawn;
        ``positive rate`` of the train rows after that, and ``accuracy of h`` on the test rows, means over the seeds
        with ``... std``; ``paper ...``; ``difference`` of the accuracy; ``seeds``, ``failed``, ``missing`` and
        ``measure`` as :func:`benchmarks.paper.measured_seeds.seeds_of` has them.
    """
    taken: dict[tuple[str, int], Record] = {}
    for record in of_the_paper_s_protocol(records):
        key = record["cell"]["data"], record["cell"]["seed"]
        if key not in taken or "error" in taken[key]:
            taken[key] = record
    groups: dict[str, list[Record]] = {}
    for (data, _), record in taken.items():
        groups.setdefault(data, []).append(record)
    order = [*(name for name in NAMES if name in groups), *sorted(groups.keys() - NAMES.keys())]
    return pd.DataFrame([_row(name, groups[name]) for name in order])


def _row(name: str, group: list[Record]) -> dict[str, Any]:
    paper = published()["data"].get(name, {})
    checks = pd.DataFrame(
        [record["setting"]["checks"] for record in group if "error" not in record],
        columns=[*CHECKS, *RATES.values()],
        dtype=float,
    )
    checks = checks.rename(columns=lambda column: column.removesuffix(" features"))
    checks["positive"] = (checks["positive rate before"] * checks["train rows"]).round()
    checks["negative"] = checks["train rows"] - checks["positive"]
    accuracy = RATES["accuracy of h"]
    return {
        "data": name,
        "name": group[0]["cell"]["label"],
        **{column: checks[column].mean() for column in COUNTS},
        **{column: checks[check].mean() for column, check in RATES.items()},
        **{f"{column} std": checks[check].std() for column, check in RATES.items()},
        **{f"paper {column}": paper.get(column, float("nan")) for column in (*COUNTS, "accuracy of h")},
        "difference": checks[accuracy].mean() - paper.get("accuracy of h", float("nan")),
        **seeds_of(group),
    }


def markdown(rows: pd.DataFrame) -> str:
    """The rows of :func:`compared`, the paper's below ours."""
    head = ["data", "seeds", *COUNTS, "positive rate after the draw", "accuracy of h, %", "difference"]
    lines = []
    for row in rows.to_dict("records"):
        name = name_of(row["data"])
        accuracy = spread(100 * row["accuracy of h"], 100 * row["accuracy of h std"])
        ours = [name, shown_seeds(row), *(number(row[column], 0) for column in COUNTS)]
        ours += [spread(row["positive rate"], row["positive rate std"], 3), accuracy]
        theirs = [f"{name}, paper", "-", *(number(row[f"paper {column}"], 0) for column in COUNTS), "-"]
        lines.append([*ours, number(100 * row["difference"], 2, "+")])
        lines.append([*theirs, number(100 * row["paper accuracy of h"], 2), "-"])
    told = [
        "Mean ± standard deviation over the seeds, which move the drawn labels and h. positive, negative: train rows "
        "before the labels are drawn."
    ]
    if (rows["data"] == "heloc").any():
        told.append(LEAK)
    notes = list(notes_on_seeds(rows))
    return "\n".join([markdown_table(head, lines), "", *told, *([""] if notes else []), *notes]) + "\n"


COMMAND = Command("table1", __doc__, tables(compared, markdown), "table2.yaml", [LABEL])
main = COMMAND.main

if __name__ == "__main__":
    sys.exit(main())
