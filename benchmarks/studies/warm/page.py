"""The study's table: seconds and Score of each change and start, a column a data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from benchmarks.paper.published import NAMES
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table, number, spread


def markdown(records: Iterable[Mapping[str, Any]], rule: str) -> str:
    """Mean seconds of building GenRe (the processor's), mean and deviation of the Score over the seeds.

    Parameters
    ----------
    records : iterable of dict
        The study's JSONs, one a data set.
    rule : {"validity", "default"}
        How the answer is chosen.

    Raises
    ------
    InputError
        Nothing was measured by this rule.
    """
    rows = pd.DataFrame([row for record in records for row in record["figures"]["rows"]])
    rows = rows[rows["rule"] == rule]
    if rows.empty:
        raise InputError(f"the study of warm starts has no figures by the rule {rule!r}")
    names = [name for name in NAMES if name in set(rows["data"])]
    grouped = rows.groupby(["change", "start", "data"], sort=False)
    seconds, score = grouped["build_cpu_s"].mean(), grouped["score"].agg(["mean", "std"])
    lines = []
    for change, start in rows[["change", "start"]].drop_duplicates().itertuples(index=False):
        line = [change, start]
        for name in names:
            place = change, start, name
            mean, deviation = score.loc[place]
            line += [number(seconds.loc[place], 1), spread(mean, deviation, 3)]
        lines.append(line)
    head = [
        "what changes",
        "generator",
        *(f"{NAMES[name]}: {what}" for name in names for what in ("s", "Score")),
    ]
    return f"{markdown_table(head, lines)}\n\n{_legend(rows)}"


def _legend(rows: pd.DataFrame) -> str:
    seeds = ", ".join(str(seed) for seed in sorted(set(rows["seed"])))
    return f"Mean ± standard deviation over seeds {seeds}."
