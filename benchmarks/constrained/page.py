"""The tables of answers under constraints, from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.constrained.measuring import SEARCH
from benchmarks.constrained.rows import NEAREST, ONCE, ROWS
from benchmarks.constrained.sets import ACTIONABLE, DATA
from benchmarks.paper.published import name_of
from carla_genre.errors import InputError
from carla_genre.harness.code import codes_of, mark_of, notes_on_code
from carla_genre.harness.markdown import markdown_table, number

Record = Mapping[str, Any]
HEAD = (
    *(
        "data",
        "row",
        "sets, each seed",
        "Score",
        "GenRe, trained once, is better by, mean",
        "in its worst set",
        "Cost",
        "Val",
        "LOF",
    ),
    *("answered", "no answer though there is one", "violations", "training, s", "an answer, ms"),
)


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
    codes = _codes(records, classifier)
    lines = [
        _line(data, label, codes[data, label], group, of_data[of_data["label"] == ONCE])
        for data in DATA
        for of_data in [frame[frame["data"] == data]]
        for label in ROWS
        for group in [of_data[of_data["label"] == label]]
        if len(group)
    ]
    shown = [(name_of(data), label, codes[data, label]) for data, label in codes if label in ROWS]
    foot = [*_machines(records), *_failures(records, classifier), *notes_on_code(shown)]
    return "\n\n".join([markdown_table(HEAD, lines), "\n".join(foot)])


def _codes(records: Iterable[Record], classifier: str) -> dict[tuple[str, str], str]:
    """Data set and row -> the codes that measured its seeds."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record["cell"]["classifier"] == classifier:
            groups.setdefault((record["cell"]["data"], record["cell"]["label"]), []).append(record)
    return {place: codes_of(group) for place, group in groups.items()}


def _machines(records: Iterable[Record]) -> list[str]:
    places = {record["environment"]["hardware"]["processor"] for record in records if "environment" in record}
    return [f"Processor's time, one thread of {', '.join(sorted(places))}."] if places else []


def _line(data: str, label: str, codes: str, group: pd.DataFrame, once: pd.DataFrame) -> list[str]:
    both = group.merge(once, on=["seed", "set"], suffixes=("", " once"))
    better = both["score once"] - both["score"] if label != ONCE else pd.Series(dtype=float)
    of_sets = better.groupby(both["set"]).mean()  # over the seeds
    means = group[["score", "cost", "val", "lof", "answered", "answer"]].astype(float).mean()
    trained = group.groupby("seed")["once"].first().astype(float)
    each = group["train"].mean() * group["set"].nunique()
    training = each if trained.isna().all() else trained.mean()
    unanswered = group.loc[group["missed"].notna(), "unanswered"].sum()
    missed = group["missed"].sum() / unanswered if unanswered else np.nan
    return [
        name_of(data),
        label,
        str(len(group)) + mark_of(codes),
        number(means["score"], 3),
        number(better.mean(), 3, "+"),
        number(of_sets.min(), 3, "+"),
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
    """GenRe, trained once, beside the nearest rows with its selector: by how much of a person is frozen."""
    both = both_of(records)
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
                lines.append([name_of(data), words, str(len(group)), *digits])
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


def both_of(records: Iterable[Record]) -> pd.DataFrame:
    """GenRe, trained once, beside the nearest rows with its selector: a line for each random set and seed.

    Raises
    ------
    InputError
        One of the two is not measured.
    """
    frame = frame_of(records, "random", "ann")
    if not {ONCE, NEAREST} <= set(frame.get("label", ())):
        raise InputError(f"{ONCE!r} and {NEAREST!r} are not measured: python -m benchmarks.constrained")
    return frame[frame["label"] == ONCE].merge(
        frame[frame["label"] == NEAREST], on=["data", "seed", "set", "frozen", "d"], suffixes=("", " near")
    )
