"""What ``copies=False`` costs on the data sets.

python -m benchmarks.studies.copies [--root FOLDER] [--data NAME ...] [--seeds 0 1 2 3 4] [--results FOLDER]

There is a JSON for each data set and seed; what has one is not measured again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.studies.copies.study import measured
from benchmarks.studies.records import Plan, run_study
from carla_genre.protocol import prepare
from carla_genre.protocol.cache import default_folder
from carla_genre.protocol.data import REAL_DATA


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit status: 0, 2 for an error that the user can mend, 130 after Ctrl-C."""
    return run_study("copies", __doc__, REAL_DATA, _measure, _told, arguments)


def _told(row: Mapping[str, Any]) -> str:
    return (
        f"copies {row['copies']}: Score {row['score']:.3f}, answered {row['answered']:.2f}, "
        f"rare copies {row['Rare_Copies']:.2f}"
    )


def _measure(data: str, seed: int, plan: Plan, root: str | None) -> Iterator[dict[str, Any]]:
    setting = prepare(data, seed, plan.factuals, root, rows=plan.rows, cache=default_folder())
    return measured(setting, plan)


if __name__ == "__main__":
    sys.exit(main())
