"""CRUD, Revise and Clue one person at a time, as CARLA searches, and for all people at once: figures and seconds.

python -m benchmarks.studies.batched --root FOLDER [--data compas] [--seeds 0 1 2] [--results FOLDER]

CARLA's own records are in benchmarks/results/batched/one_by_one: they take most of an hour a data set and seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.paper.command import Command
from benchmarks.paper.published import name_of
from carla_genre.harness.code import mark_of, notes_on_code
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.record import read_record
from carla_genre.harness.table import HELD, columns_of, mean_and_spread, table
from carla_genre.io import write_text

Record = Mapping[str, Any]

CARLAS = Path(__file__).resolve().parents[2] / "results" / "batched" / "one_by_one"
ONE_BY_ONE, AT_ONCE = "one by one", "all at once"
# Column of the tables -> digits.
FIGURES = {"Score": 3, "Cost": 2, "Val": 2, "LOF": 2, "validity": 2}
LEGEND = """\
Mean ± standard deviation over the seeds, of the answers as they are: CARLA's release holds no constraint. an answer, s:
of the processor, one thread; times: how many times less that is all at once."""


def carlas(folder: Path, ours: Iterable[Record]) -> list[dict[str, Any]]:
    """CARLA's own records in a folder, of the methods and data sets that there are ``ours`` of."""
    cells = {(record["cell"]["data"], _method(record)) for record in ours if "error" not in record}
    paths = (path for data, method in sorted(cells) for path in folder.glob(f"{data}_{method}_seed*.json"))
    return [read_record(path) for path in sorted(paths)]


def compared(ours: Sequence[Record], theirs: Sequence[Record]) -> pd.DataFrame:
    """Two rows a data set and method: as CARLA searches, and all at once.

    Returns
    -------
    DataFrame
        ``data``, ``method``, ``search``, ``seeds`` (their numbers), ``code``; for each of ``FIGURES`` what
        :func:`carla_genre.harness.table.over_seeds` has; ``answer`` (seconds of the processor a person) and ``times``,
        how many times as long CARLA's takes.
    """
    measured = [record for record in ours if "error" not in record]
    rows = []
    for data, method in dict.fromkeys((record["cell"]["data"], _method(record)) for record in measured):
        seconds = {}
        for search, records in ((ONE_BY_ONE, theirs), (AT_ONCE, measured)):
            found = [
                r for r in records if (r["cell"]["data"], _method(r)) == (data, method) and "error" not in r
            ]
            if not found:
                continue
            figures = table(found)
            figures = figures[figures["constraints"] != HELD].iloc[0].to_dict()
            answers = [r["cpu_seconds"]["answer"] / r["cell"]["n_factuals"] for r in found]
            seconds[search] = sum(answers) / len(answers)
            seeds = ", ".join(str(seed) for seed in sorted(r["cell"]["seed"] for r in found))
            row = {"method": method, "search": search, "seeds": seeds, "answer": seconds[search]}
            rows.append({**figures, **row, "times": seconds.get(ONE_BY_ONE, float("nan")) / seconds[search]})
    columns = ["data", "method", "search", "seeds", "code", *columns_of(FIGURES), "answer", "times"]
    return pd.DataFrame(rows, columns=columns)


def markdown(rows: pd.DataFrame) -> str:
    """The rows of :func:`compared`."""
    lines = []
    for row in rows.to_dict("records"):
        figures = (mean_and_spread(row, name, digits) for name, digits in FIGURES.items())
        times = number(row["times"], 0) if row["search"] == AT_ONCE else "-"
        named = [name_of(row["data"]), row["method"], row["search"], row["seeds"] + mark_of(row["code"])]
        lines.append([*named, *figures, number(row["answer"], 4), times])
    head = ["data", "method", "search", "seeds", *FIGURES, "an answer, s", "times"]
    notes = notes_on_code(
        (name_of(data), f"{method}, {search}", code)
        for data, method, search, code in rows[["data", "method", "search", "code"]].itertuples(index=False)
    )
    return "\n\n".join(filter(None, [markdown_table(head, lines), LEGEND, "\n".join(notes)])) + "\n"


def _method(record: Record) -> str:
    """CARLA's name of what a record measured."""
    return str(record["cell"]["method"]).removesuffix("-batched")


def write(records: list[Record], path: Path) -> str:
    """Write the table; give what it says."""
    rows = compared(records, carlas(CARLAS, records))
    text = markdown(rows)
    write_text(path.with_suffix(".md"), text)
    write_text(path.with_suffix(".csv"), rows.to_csv(index=False))
    return text


_grid = Path(__file__).with_name("batched.yaml")
command = Command("batched", __doc__, write, str(_grid), room="studies")
