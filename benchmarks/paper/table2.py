"""Tables 2, 3 and 4: every method's Cost, Val, LOF and Score, ours beside the paper's.

carla-genre benchmark benchmarks/paper/table2.yaml --root FOLDER --results results/table2
python -m benchmarks.paper.table2 results/table2 [--data compas] [--page FILE]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.paper.score import LEAK, published
from carla_genre.errors import InputError
from carla_genre.harness.record import read_record
from carla_genre.harness.table import HELD, table

# A Score that differs from the paper's by more than this is marked.
FAR = 0.15
NAMES = {"adult": "Adult", "compas": "COMPAS", "heloc": "HELOC"}
HEAD = (
    *("data", "method", "Cost", "Val", "LOF", "Score"),
    *("paper: Cost", "Val", "LOF", "Score", "difference"),
    *("violations", "failures", "prepare s", "answer s", "constraints held: Score", "lost"),
)


def compared(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a data set and method: means over seeds, and the paper's figures as ``paper Cost`` and so on.

    A method that does not hold the constraints has its figures as it answers; ``held Score`` and ``held lost``
    are what is left after what may not change was put back and h asked again.
    """
    rows = table(records)
    held = rows[rows["constraints"] == HELD].set_index(["data", "method"])
    ours = rows[rows["constraints"] != HELD].reset_index(drop=True)
    paper = published()["methods"]
    theirs = pd.DataFrame(
        [paper.get(row.method, {}).get(row.data, {}) for row in ours.itertuples()],
        columns=["cost", "val", "lof", "score"],
        dtype=float,
    )
    theirs.columns = pd.Index(["paper Cost", "paper Val", "paper LOF", "paper Score"])
    keys = pd.MultiIndex.from_frame(ours[["data", "method"]])
    after = held[["Score", "lost"]].reindex(keys).reset_index(drop=True).add_prefix("held ")
    difference = (ours["Score"] - theirs["paper Score"]).rename("difference")
    return pd.concat([ours, theirs, after, difference], axis=1)


def markdown(rows: pd.DataFrame) -> str:
    """The rows of :func:`compared` as a Markdown table; a Score far from the paper's is bold."""
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    for row in rows.to_dict("records"):
        far = abs(row["difference"]) > FAR
        score = _number(row["Score"], 2)
        cells = [
            NAMES.get(row["data"], row["data"]),
            row["method"],
            *(_number(row[name], 2) for name in ("Cost", "Val", "LOF")),
            f"**{score}**" if far else score,
            *(_number(row[f"paper {name}"], 2) for name in ("Cost", "Val", "LOF", "Score")),
            _number(row["difference"], 2, "+"),
            _number(row["violations"], 0),
            _number(1 - row["answered"], 2),
            _number(row["prepare s"], 1),
            _number(row["answer s"], 2),
            _number(row["held Score"], 2),
            _number(row["held lost"], 0),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    notes = [f"Bold: differs from the paper's Score by more than {FAR}."]
    if (rows["data"] == "heloc").any():
        notes.append(LEAK)
    return "\n".join([*lines, "", *notes]) + "\n"


def _number(value: float, digits: int, sign: str = "") -> str:
    return "-" if pd.isna(value) else f"{value:{sign}.{digits}f}"


def _place(record: Mapping[str, Any]) -> tuple[int, int]:
    """The paper's order of data sets, and the grid's of methods; what is not there comes last."""
    cell, data = record["cell"], list(NAMES)
    labels = list(yaml.safe_load(Path(__file__).with_name("table2.yaml").read_text())["recourse_methods"])
    return tuple(
        names.index(name) if name in names else len(names)
        for names, name in ((data, cell["data"]), (labels, cell["label"]))
    )  # type: ignore[return-value]


def read_records(folder: Path, data: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The records of a folder, in the paper's order; of some data sets alone."""
    records = [read_record(path) for path in folder.glob("*_seed*.json")]
    return sorted((r for r in records if not data or r["cell"]["data"] in data), key=_place)


def put_into(page: Path, name: str, text: str) -> None:
    """Replace what stands between a page's ``<!-- name -->`` and the ``<!-- end -->`` after it.

    Raises
    ------
    InputError
        The page has no such place.
    """
    before, mark, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if not (mark and end):
        raise InputError(f"{page} has no <!-- {name} --> ... <!-- end -->")
    page.write_text(f"{before}{mark}{text}{end}{after}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read records, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.paper.table2",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("results", type=Path, help="folder of records")
    parser.add_argument("--data", nargs="+", choices=sorted(NAMES), default=[], help="these data sets alone")
    parser.add_argument("--page", type=Path, help="page to put the table into, where it names the folder")
    options = parser.parse_args(arguments)
    records = read_records(options.results, options.data)
    if not records:
        print(f"no records in {options.results}", file=sys.stderr)
        return 2
    text = markdown(compared(records))
    print(text)
    if options.page:
        put_into(options.page, options.results.as_posix(), text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
