"""Whom the Score is lost on.

python -m benchmarks.studies.groups [--root FOLDER] [--data NAME ...] [--seeds 0 1 2 3 4] [--results FOLDER]

There is a JSON for each data set and seed; what has one is not measured again. HMDA is made by
scripts/make_datasets.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.studies.groups.study import measured
from benchmarks.studies.records import Plan, run_study
from carla_genre.evaluation.judges.gold_kinds import GOLD_KINDS
from carla_genre.protocol import prepare
from carla_genre.protocol.cache import default_folder

# All of them freeze something; as many people as h denies in each world of HMDA.
DATA = ("adult", "compas", "hmda")
WHOLE = Plan(factuals=150)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C."""
    return run_study("groups", __doc__, DATA, _measure, _told, arguments, WHOLE)


def _told(row: Mapping[str, Any]) -> str:
    return (
        f"{row['gold']} as gold, {row['method']}, {row['peers']} accepted rows: "
        f"{row['people']} people, Score {row['score']:.3f}"
    )


def _measure(data: str, seed: int, plan: Plan, root: str | None) -> Iterator[dict[str, Any]]:
    for gold in GOLD_KINDS:
        setting = prepare(data, seed, plan.factuals, root, rows=plan.rows, cache=default_folder(), gold=gold)
        yield from measured(setting, gold, plan)


if __name__ == "__main__":
    sys.exit(main())
