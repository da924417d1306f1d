"""Records of a study that has one for each data set and seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.command import command_parser, exit_status, results_folder
from carla_genre.generator.config import DEFAULT
from carla_genre.harness.code import codes_of, notes_on_code
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


QUICK = Plan(rows=600, factuals=10, steps=10)


def run_study(
    name: str,
    about: str | None,
    names: Sequence[str],
    measure: Callable[[str, int, Plan, str | None], Iterator[dict[str, Any]]],
    told: Callable[[Mapping[str, Any]], str],
    arguments: Sequence[str] | None = None,
    whole: Plan = Plan(),
) -> int:
    """Be the command of a study: measure, print, write; ``measure`` takes a data set, a seed, a plan and the root.

    The exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C.
    """
    parser = command_parser(f"studies.{name}", about, "root", "results", "seeds", "quick")
    parser.add_argument("--data", nargs="+", choices=names, default=[], metavar="NAME")
    options = parser.parse_args(arguments)

    def run() -> None:
        folder, plan = results_folder(options, name), QUICK if options.quick else whole
        for seed in options.seeds or ([0] if options.quick else range(5)):
            for data in options.data or (["compas"] if options.quick else names):
                settings = {"data": data, "seed": seed, **asdict(plan)}
                record_once(folder, settings, partial(measure, data, seed, plan, options.root), told)

    return exit_status(name, run, goes_on=True)


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


def listed(records: Iterable[Mapping[str, Any]], setting: str) -> str:
    """The values that the records have of a setting, each once."""
    return ", ".join(str(value) for value in sorted({record["settings"][setting] for record in records}))


def with_legend(table: str, legend: str, records: Iterable[Mapping[str, Any]]) -> str:
    """A table and what stands below it: its legend, and a note where the records are of several codes."""
    return "\n\n".join([table, legend, *notes_on_code([("all", "all", codes_of(records))])])
