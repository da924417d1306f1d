"""The tables of answers under constraints, from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.constrained.measuring import SEARCH
from benchmarks.constrained.rows import EACH, NEAREST, ONCE, ROWS
from benchmarks.constrained.sets import ACTIONABLE, DATA
from benchmarks.paper.published import name_of
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table, number

Record = Mapping[str, Any]
HEAD = (
    *("data", "row", "sets", "Score", "against trained for each, mean", "worst", "Cost", "Val", "LOF"),
    *("answered", "no answer though there is one", "violations", "training, s", "an answer, ms"),
)
NAMES = {"german_credit": "German credit"}


def frame_of(records: Iterable[Record], part: str, classifier: str) -> pd.DataFrame:
    """A line for each data set, row, seed and set that is measured.

    Parameters
    ----------
    records : iterable of dict
    part : {"random", "actionable"}
    classifier : str
    """
    of_h = [record for record in records if record["cell"]["classifier"] == classifier]
    reach = {
        (record["cell"]["data"], record["cell"]["seed"], name): figures["found"]
        for record in of_h
        if record["cell"]["label"] == SEARCH
        for name, figures in record["sets"].items()
        if "found" in figures
    }
    lines = []
    for record in of_h:
        cell = record["cell"]
        for name, figures in record["sets"].items():
            if "scores" not in figures or (name == ACTIONABLE) != (part == "actionable"):
                continue
            place = cell["data"], cell["seed"], name
            lines.append(
                {
                    **{key: cell[key] for key in ("data", "label", "seed")},
                    "set": name,
                    "frozen": sum("immutable" in rule for rule in figures["constraints"].values()),
                    "d": figures["scores"]["d"],
                    "once": record.get("trained_once"),
                    "people": len(figures["answered"]),
                    **_figures(figures, reach.get(place)),
                }
            )
    return pd.DataFrame(lines)


def _figures(figures: Mapping[str, Any], found: str | None) -> dict[str, Any]:
    scores, seconds, answered = figures["scores"], figures["seconds"], figures["answered"]
    missed = (
        None if found is None else sum(a == "0" and f == "1" for a, f in zip(answered, found, strict=True))
    )
    return {
        **{name: scores[name] for name in ("cost", "val", "lof", "answered")},
        # Nobody is answered: nobody is valid, and there is no cost.
        "score": 0.0 if scores["score"] is None else scores["score"],
        "train": seconds["train"],
        "answer": 1000 * seconds["answer"] / len(answered),
        "broken": figures["broken"],
        "unanswered": answered.count("0"),
        "missed": missed,
    }


def markdown(records: Iterable[Record], part: str, classifier: str = "ann") -> str:
    """A row for each data set and method, means over the sets; what failed below.

    Parameters
    ----------
    records : iterable of dict
    part : {"random", "actionable"}
    classifier : str
        What h is.
    """
    records = list(records)
    frame = frame_of(records, part, classifier)
    if frame.empty:
        return f"Nothing is measured with the {part} sets and h {classifier!r}."
    lines = [
        _line(data, label, group, of_data[of_data["label"] == EACH])
        for data in DATA
        for of_data in [frame[frame["data"] == data]]
        for label in ROWS
        for group in [of_data[of_data["label"] == label]]
        if len(group)
    ]
    return "\n\n".join(filter(None, [markdown_table(HEAD, lines), "\n".join(_failures(records, classifier))]))


def _line(data: str, label: str, group: pd.DataFrame, each: pd.DataFrame) -> list[str]:
    both = group.merge(each, on=["seed", "set"], suffixes=("", " each"))
    less = both["score"] - both["score each"] if label != EACH else pd.Series(dtype=float)
    means = group[["score", "cost", "val", "lof", "answered", "answer"]].astype(float).mean()
    once = group.groupby("seed")["once"].first().astype(float)
    training = group["train"].sum() if once.isna().all() else once.mean()
    unanswered = group.loc[group["missed"].notna(), "unanswered"].sum()
    missed = group["missed"].sum() / unanswered if unanswered else np.nan
    return [
        NAMES.get(data) or name_of(data),
        label,
        str(len(group)),
        number(means["score"], 3),
        number(less.mean(), 3, "+"),
        number(less.min(), 3, "+"),
        *(number(means[name], 2) for name in ("cost", "val", "lof", "answered")),
        number(missed, 3),
        str(int(group["broken"].sum())),
        number(training, 0),
        number(means["answer"], 1),
    ]


def _failures(records: Iterable[Record], classifier: str) -> list[str]:
    reasons: dict[str, int] = {}
    for record in records:
        for figures in record["sets"].values():
            if "error" in figures and record["cell"]["classifier"] == classifier:
                cell = record["cell"]
                reason = f"{cell['data']}, {cell['label']}: {figures['error']}"
                reasons[reason] = reasons.get(reason, 0) + 1
    return [f"- {reason} (sets: {count})" for reason, count in reasons.items()]


def headline(records: Iterable[Record]) -> str:
    """GenRe, trained once, beside the nearest rows with its selector: by how much of a person is frozen.

    Raises
    ------
    InputError
        One of the two is not measured.
    """
    frame = frame_of(records, "random", "ann")
    if not {ONCE, NEAREST} <= set(frame.get("label", ())):
        raise InputError(f"{ONCE!r} and {NEAREST!r} are not measured: python -m benchmarks.constrained")
    both = frame[frame["label"] == ONCE].merge(
        frame[frame["label"] == NEAREST], on=["data", "seed", "set", "frozen", "d"], suffixes=("", " near")
    )
    parts = {
        "at most half": 2 * both["frozen"] <= both["d"],
        "more than half": 2 * both["frozen"] > both["d"],
    }
    lines = []
    for data in [name for name in DATA if name in set(both["data"])]:
        for words, part in parts.items():
            group = both[(both["data"] == data) & part]
            if len(group):
                means = group[["score", "answered", "score near", "answered near"]].astype(float).mean()
                digits = (number(means[name], 2) for name in means.index)
                lines.append([NAMES.get(data) or name_of(data), words, str(len(group)), *digits])
    head = (
        "data",
        "features that the set freezes",
        "sets",
        "GenRe: Score",
        "answered",
        "nearest rows: Score",
        "answered",
    )
    return markdown_table(head, lines)
