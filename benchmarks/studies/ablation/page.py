"""The study's tables: mean and deviation over the seeds, and the gain over the default on the same seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.paper.published import NAMES
from carla_genre.errors import InputError
from carla_genre.harness.code import codes_of, notes_on_code
from carla_genre.harness.markdown import markdown_table, number, spread_of

DEFAULT = "default"
# Parts whose default is one of several.
REFERENCE = {"distilling": "default, N = 100"}
# Ways that the records have and the package has no longer: docs/risk.md has what became of it.
GONE = ("risk .05",)
SECONDS = {"answer_cpu_s": "s to answer", "build_cpu_s": "s to build"}


def markdown(records: Iterable[Mapping[str, Any]], part: str, data: str | None = None) -> str:
    """A part of the study: all data sets with few columns, or one with all.

    Parameters
    ----------
    records : iterable of dict
        The study's JSONs.
    part : {"choosing", "validity", "expected", "distilling", "control"}
        The ways of choosing; the trainings by one rule or the other; the generator distilled; the paper's preset by
        its steps.
    data : str, optional

    Raises
    ------
    InputError
        Nothing of this was measured.
    """
    rows = _rows(records, part, data)
    if part == "control":
        return _control(rows)
    reference = REFERENCE.get(part, DEFAULT)
    tables = _table(rows, data, reference) if data else _overview(rows, reference)
    return f"{tables}\n\n{_legend(rows, reference)}"


def _rows(records: Iterable[Mapping[str, Any]], part: str, data: str | None) -> pd.DataFrame:
    file = "training" if part in ("validity", "expected") else part
    found = [
        {**{name: record["settings"][name] for name in ("data", "seed")}, "code": codes_of([record]), **row}
        for record in records
        if record["settings"]["part"] == file
        for row in record["figures"]["rows"]
        if row.get("rule", part) == part and row.get("variant") not in GONE
    ]
    rows = pd.DataFrame([row for row in found if data in (None, row["data"])])
    if rows.empty:
        raise InputError(
            f"the study of ablations has no figures of {part!r}" + (f" on {data}" if data else "")
        )
    return rows


def _overview(rows: pd.DataFrame, reference: str) -> str:
    """Score of each variant, a column a data set, with the difference from the reference."""
    names = [name for name in NAMES if name in set(rows["data"])]
    lines = []
    for variant in rows["variant"].unique():
        line = [variant]
        for name in names:
            here = rows[rows["data"] == name]
            line += [_spread(_of(here, variant)["score"]), _difference(here, variant, reference)]
        lines.append(line)
    head = ["variant", *(f"{NAMES[name]}: {what}" for name in names for what in ("Score", "gain"))]
    return markdown_table(head, lines)


def _table(rows: pd.DataFrame, data: str, reference: str) -> str:
    """Every figure of one data set."""
    estimated = [name for name in ("estimated_val", "estimated_lof") if name in rows]
    seconds = [name for name in SECONDS if name in rows]
    lines = []
    for variant in rows["variant"].unique():
        of = _of(rows, variant)
        shares = [_spread(of[name]) for name in ("cost", "val", "lof", "right", "answered")]
        shares += [number(of[name].astype(float).mean(), 3) for name in estimated]
        lines.append(
            [
                variant,
                _spread(of["score"]),
                _difference(rows, variant, reference),
                *shares,
                *(number(of[name].mean(), 2) for name in seconds),
            ]
        )
    figures = [
        "Score",
        "gain",
        "Cost",
        "Val",
        "LOF",
        "right",
        "answered",
        *(name.replace("_", " ") for name in estimated),
    ]
    head = [NAMES[data], *figures, *(SECONDS[name] for name in seconds)]
    return markdown_table(head, lines)


def _control(rows: pd.DataFrame) -> str:
    columns = ("steps", "train_cpu_s", "validation_loss", "score", "cost", "val", "lof", "answered")
    head = ["data", "seed", "steps", "s", "validation loss", "Score", "Cost", "Val", "LOF", "answered"]
    lines = [
        [NAMES[row["data"]], str(row["seed"]), str(row["steps"]), number(row["train_cpu_s"], 0)]
        + [number(row[name], 3) for name in columns[2:]]
        for row in rows.to_dict("records")
    ]
    return f"{markdown_table(head, lines)}\n\n{_lengths(rows)}"


def _lengths(rows: pd.DataFrame) -> str:
    """What the preset's full length is on each data set, and of which seeds the training was ended before it."""
    full = {NAMES[str(data)]: int(of["full_length"].iloc[0]) for data, of in rows.groupby("data", sort=False)}
    lines = [f"The preset's full length: {', '.join(f'{n:,} steps on {name}' for name, n in full.items())}."]
    for (data, seed), of in rows.groupby(["data", "seed"], sort=False):
        if (done := int(of["steps"].max())) < full[NAMES[data]]:
            lines.append(f"{NAMES[data]}, seed {seed}, was ended after {done:,}.")
    return " ".join(lines)


def _of(rows: pd.DataFrame, variant: str) -> pd.DataFrame:
    """A variant's rows by seed."""
    return rows[rows["variant"] == variant].set_index("seed")


def _difference(rows: pd.DataFrame, variant: str, reference: str) -> str:
    """Of a variant's Score from the reference's on the same seed."""
    if variant == reference:
        return "-"
    difference = (_of(rows, variant)["score"] - _of(rows, reference)["score"]).dropna()
    return _spread(difference, sign="+")


def _spread(values: Sequence[float] | pd.Series, digits: int = 3, sign: str = "") -> str:
    return spread_of(pd.Series(values, dtype=float), digits, sign)


def _seeds(rows: pd.DataFrame) -> str:
    """The seeds, by data set where these have different ones."""
    seeds = rows.groupby("data")["seed"].agg(lambda of: ", ".join(map(str, sorted(set(of)))))
    if seeds.nunique() == 1:
        seed: str = seeds.iloc[0]
        return seed
    return "; ".join(f"{seeds[name]} of {title}" for name, title in NAMES.items() if name in seeds)


def _legend(rows: pd.DataFrame, reference: str) -> str:
    than = "the default" if reference == DEFAULT else f"the row {reference!r}"
    return (
        f"Mean ± standard deviation over seeds {_seeds(rows)}; gain is the Score less that of {than} on the same "
        "seed."
    ) + "".join(f"\n{note}" for note in _notes(rows))


def _notes(rows: pd.DataFrame) -> list[str]:
    """On the figures that are of seeds of several codes."""
    codes = rows.groupby(["data", "variant"], sort=False)["code"].agg(lambda of: ", ".join(sorted(set(of))))
    return notes_on_code((NAMES[data], variant, code) for (data, variant), code in codes.items())
