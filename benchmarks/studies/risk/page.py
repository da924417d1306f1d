"""The study's tables: what was promised, and the share of people that got a wrong answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from benchmarks.paper.published import name_of
from benchmarks.studies.records import listed, rows_of, with_legend
from benchmarks.studies.risk.world import KNOWN
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table, number, spread

KEYS = ["data", "samples"]


def markdown(records: Iterable[Mapping[str, Any]], part: str) -> str:
    """A row for each world or data set and number of candidates.

    Parameters
    ----------
    records : iterable of dict
        The study's JSONs.
    part : {"known", "real"}

    Raises
    ------
    InputError
        Nothing of this was measured.
    """
    if part not in ("known", "real"):
        raise InputError(f"the study of stated risks has no table {part!r}; it has known and real")
    found = [record for record in records if (record["settings"]["data"] in KNOWN) == (part == "known")]
    if not found:
        raise InputError(f"the study of stated risks has no figures of {part!r}")
    rows = rows_of(found)
    risks = sorted(set(rows["risk"]))
    lines: list[list[str]] = []
    for (data, samples), group in rows.groupby(KEYS, sort=False):
        line = [str(data) if part == "known" else name_of(str(data)), _seeds(group), str(samples)]
        for risk in risks:
            at = group[group["risk"] == risk]
            error = at["wrong"].std() / len(at) ** 0.5
            line += [spread(at["wrong"].mean(), error, 3), number(at["given"].mean(), 2)]
        line += [number(at["wrong without"].mean(), 3), number(at["given without"].mean(), 2)]
        lines.append(line)
    head = ["world" if part == "known" else "data", "seeds", "candidates"]
    for risk in risks:
        head += [f"promised `{risk:g}`: wrong", "answered"]
    table = markdown_table([*head, "no `risk`: wrong", "answered"], lines)
    return with_legend(table, _legend(found, rows), found)


def _legend(records: Iterable[Mapping[str, Any]], rows: pd.DataFrame) -> str:
    few, many = rows["people held out"].min(), rows["people held out"].max()
    held_out = f"{few}" if few == many else f"{few} to {many}"
    return (
        f"Mean ± standard error over the seeds, {listed(records, 'factuals')} people who "
        f"ask each, bounds found on {held_out} people."
    )


def _seeds(rows: pd.DataFrame) -> str:
    seeds = sorted(set(rows["seed"]))
    whole = len(seeds) > 1 and seeds == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]} to {seeds[-1]}" if whole else ", ".join(map(str, seeds))
