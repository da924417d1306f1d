"""Where our figures are far from the paper's: the paper's, ours, and the method's as the paper's authors had it.

python -m benchmarks.studies.differences --root FOLDER
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.paper.command import NOT_MEASURED, Command
from benchmarks.paper.published import name_of, published
from carla_genre.harness.code import mark_of, notes_on_code
from carla_genre.harness.markdown import markdown_table, number
from carla_genre.harness.table import HELD, columns_of, mean_and_spread, table
from carla_genre.io import write_text

Record = Mapping[str, Any]

MEASURES = ("Cost", "Val", "LOF", "Score")
PAPER, HERE = "the paper", "here"
# A cell of a method under a seed of its own, on people of the cell's.
OWN_SEED = re.compile(r"(?P<method>.+), own seed (?P<seed>\d+)")


def compared(records: Sequence[Record]) -> pd.DataFrame:
    """For each method the paper's figures, ours, and those of its variants, as they answer.

    Parameters
    ----------
    records : sequence of dict
        Of differences.yaml. Those that are not measured are left out.

    Returns
    -------
    DataFrame
        ``data``, ``method`` (the paper's name), ``variant`` (``PAPER``, ``HERE`` or what differs), ``seeds``
        (measured) and their ``code``, and for each of ``MEASURES`` what
        :func:`carla_genre.harness.table.over_seeds` has.
    """
    measured = (record for record in records if record.get("error", {}).get("type") != NOT_MEASURED)
    ours = table(record for record in measured if not OWN_SEED.fullmatch(record["cell"]["label"]))
    ours = ours[ours["constraints"] != HELD].drop(columns="method").assign(label=ours["method"])
    paper = published()["methods"]
    columns = ["data", "method", "variant", "seeds", "code", *columns_of(MEASURES)]
    rows = []
    for row in ours.to_dict("records"):
        method = max((name for name in paper if f"{row['label']}, ".startswith(f"{name}, ")), key=len)
        if row["label"] == method:
            theirs = paper[method].get(row["data"], {})
            figures = {measure: theirs.get(measure.lower()) for measure in MEASURES}
            told = {"variant": PAPER, "code": "", **{f"{measure} seeds": "" for measure in MEASURES}}
            rows.append({"data": row["data"], "method": method, **told, **figures})
        variant = row["label"].removeprefix(f"{method}, ") if row["label"] != method else HERE
        rows.append({**row, "method": method, "variant": variant})
    return pd.DataFrame(rows, columns=columns)


def over_own_seeds(records: Sequence[Record]) -> pd.DataFrame:
    """What the method's own seed moves, on the same people with the same h.

    Returns
    -------
    DataFrame
        ``data``, ``method``, ``seed`` (of labels, h and people), ``own seeds`` (measured), and for each of
        ``MEASURES`` the least and the greatest figure (``"Cost least"``, ``"Cost most"``).
    """
    rows = []
    for record in records:
        cell = record["cell"]
        named = OWN_SEED.fullmatch(cell["label"])
        if named and "error" not in record:
            scores = {measure: record["scores"][measure.lower()] for measure in MEASURES}
            rows.append({"data": cell["data"], "method": named["method"], "seed": cell["seed"], **scores})
    keys = ["data", "method", "seed"]
    groups = pd.DataFrame(rows, columns=[*keys, *MEASURES]).groupby(keys, sort=False)
    parts = {
        f"{m} {end}": groups[m].agg(how) for m in MEASURES for end, how in (("least", "min"), ("most", "max"))
    }
    return pd.DataFrame({"own seeds": groups.size(), **parts}).reset_index()


def markdown(rows: pd.DataFrame) -> str:
    """The rows of :func:`compared`."""
    lines = []
    for row in rows.to_dict("records"):
        seeds = "-" if row["variant"] == PAPER else number(row["seeds"], 0) + mark_of(row["code"])
        figures = (mean_and_spread(row, measure) for measure in MEASURES)
        lines.append([name_of(row["data"]), row["method"], row["variant"], seeds, *figures])
    notes = notes_on_code(
        (name_of(data), f"{method}, {variant}", code)
        for data, method, variant, code in rows[["data", "method", "variant", "code"]].itertuples(index=False)
    )
    table_ = markdown_table(["data", "method", "", "seeds", *MEASURES], lines)
    return "\n\n".join(filter(None, [table_, "\n".join(notes)])) + "\n"


def own_seeds_markdown(rows: pd.DataFrame) -> str:
    """The rows of :func:`over_own_seeds`."""
    lines = []
    for row in rows.to_dict("records"):
        figures = (f"{number(row[f'{m} least'], 2)} to {number(row[f'{m} most'], 2)}" for m in MEASURES)
        named = [name_of(row["data"]), row["method"], str(row["seed"]), str(row["own seeds"])]
        lines.append([*named, *figures])
    return markdown_table(["data", "method", "people of seed", "own seeds", *MEASURES], lines) + "\n"


def write(records: list[Record], path: Path) -> str:
    """Write both tables; give what they say."""
    rows, seeds = compared(records), over_own_seeds(records)
    text = f"{markdown(rows)}\n{own_seeds_markdown(seeds)}"
    write_text(path.with_suffix(".md"), text)
    write_text(path.with_suffix(".csv"), rows.to_csv(index=False))
    write_text(path.with_name(f"{path.name}_own_seeds.csv"), seeds.to_csv(index=False))
    return text


_grid = Path(__file__).with_name("differences.yaml")
command = Command("differences", __doc__, write, str(_grid), room="studies")
