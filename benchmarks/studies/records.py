"""Records of a study that has one for each data set and seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from carla_genre.generator.config import DEFAULT
from carla_genre.harness.record import write


@dataclass(frozen=True)
class Plan:
    """The sizes of a study.

    Parameters
    ----------
    rows : int, optional
        Training rows, at most.
    factuals : int
        Denied people who ask.
    steps : int
        Of GenRe's training.
    """

    rows: int | None = None
    factuals: int = 200
    steps: int = DEFAULT.training.steps


def record_once(
    folder: Path,
    settings: Mapping[str, Any],
    measure: Callable[[], Iterable[Mapping[str, Any]]],
    told: Callable[[Mapping[str, Any]], str],
) -> None:
    """Measure, write and print the rows of a data set and seed, both in ``settings``; not what has a record."""
    where = settings["data"], settings["seed"]
    path = folder / f"{where[0]}_seed{where[1]}.json"
    if path.exists():
        return
    rows = list(measure())
    write(path, settings, {"rows": rows})
    for row in rows:
        print(f"{where[0]}, seed {where[1]}, {told(row)}", flush=True)


def rows_of(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """All rows of such records, each with its data set and seed."""
    return pd.DataFrame(
        [
            {name: record["settings"][name] for name in ("data", "seed")} | row
            for record in records
            for row in record["figures"]["rows"]
        ]
    )
