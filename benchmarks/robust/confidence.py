"""gamma of h's own confidences and of calibrated ones, where h is as sure as it may be, or not: one table.

python -m benchmarks.robust.confidence --root FOLDER

Cells whose record is there are not measured again, so that the same command goes on after Ctrl-C. All cells run in this
process, one after the other.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.paper.published import name_of
from benchmarks.robust.cells import CONDITIONS, cells, condition_of
from benchmarks.robust.page import HEADS
from carla_genre.errors import InputError
from carla_genre.harness.cell import Cell, Paths
from carla_genre.harness.code import codes_of, mark_of, notes_on_code
from carla_genre.harness.markdown import markdown_table, number, spread
from carla_genre.harness.measure import measure_or_fail, setting_of
from carla_genre.harness.record import read_record
from carla_genre.harness.run import records_of, run_grid
from carla_genre.methods.core.encoded_classifier import EncodedClassifier
from carla_genre.methods.registry import hyperparameters_of
from carla_genre.protocol.cache import default_folder
from carla_genre.selection import calibrated_gamma

Record = Mapping[str, Any]

GRID = Path(__file__).with_name("confidence.yaml")
# Method -> the same with calibrated confidences.
PAIRS = {"GenRe": "GenRe, calibrated", "NNR-D_h+": "NNR-D_h+, calibrated"}
PLAIN = "as it is"


def measure(cell: Cell, paths: Paths, *_: Any) -> dict[str, Any]:
    """A cell's record, with ``accepted``: gamma as it is compared with h, and how many training rows are in D_h+."""
    setting = setting_of(cell, paths)
    rows = EncodedClassifier(setting.mlmodel, setting.judge.schema).training_rows()
    given = hyperparameters_of(cell.method, cell.hyperparams) or {}
    gamma = calibrated_gamma(rows, given["gamma"]) if given["calibrate"] else given["gamma"]
    accepted = int(((rows.scores > gamma) & (rows.labels == 1)).sum())
    return {**measure_or_fail(cell, paths), "accepted": {"gamma": gamma, "rows": accepted}}


def read_records(folder: Path) -> list[Record]:
    """The records of a folder.

    Raises
    ------
    InputError
        There are none, or one cannot be read.
    """
    found: list[Record] = [read_record(path) for path in sorted(folder.glob("*_seed*.json"))]
    if not found:
        raise InputError(f"{folder} has no records: python -m benchmarks.robust.confidence makes them")
    return found


def markdown(records: Iterable[Record]) -> str:
    """A row for each data set and condition; means over the seeds."""
    groups: dict[tuple[str, str], dict[str, dict[int, Record]]] = defaultdict(lambda: defaultdict(dict))
    for record in records:
        cell = record["cell"]
        groups[cell["data"], condition_of(cell)][cell["label"]][cell["seed"]] = record
    head = ["data", "h", "seeds", "rows of D_h+", "the same, calibrated", "gamma found"]
    for method, calibrated in PAIRS.items():
        head += [method, calibrated, "less itself with h as it is", f"less {method} with h as it is"]
    lines = [
        _line(data, condition, groups)
        for data in dict.fromkeys(data for data, _ in groups)
        for condition in CONDITIONS
        if (data, condition) in groups
    ]
    codes = [
        (name_of(data), HEADS[condition].strip(", ") or PLAIN, codes_of(_all(group)))
        for (data, condition), group in groups.items()
    ]
    return "\n\n".join([markdown_table(head, lines), *filter(None, ["\n".join(notes_on_code(codes))])])


def _all(group: Mapping[str, Mapping[int, Record]]) -> list[Record]:
    return [record for of_label in group.values() for record in of_label.values()]


def _line(
    data: str, condition: str, groups: Mapping[tuple[str, str], Mapping[str, Mapping[int, Record]]]
) -> list[str]:
    group, plain = groups[data, condition], groups.get((data, PLAIN), {})
    everything = _all(group)
    seeds = ", ".join(map(str, sorted({record["cell"]["seed"] for record in everything})))
    line = [
        name_of(data),
        HEADS[condition].strip(", ") or PLAIN,
        seeds + mark_of(codes_of(everything)),
    ]
    first, other = next(iter(PAIRS.items()))
    for label in (first, other):
        counts = [record["accepted"]["rows"] for record in group.get(label, {}).values()]
        line.append(f"{np.mean(counts):,.0f} ({min(counts):,} to {max(counts):,})" if counts else "-")
    gammas = [record["accepted"]["gamma"] for record in group.get(other, {}).values()]
    line.append(f"{min(gammas):.2f} to {max(gammas):.2f}" if gammas else "-")
    for method, calibrated in PAIRS.items():
        after = _scores(group.get(calibrated, {}))
        line += [_cell(group.get(method, {})), _cell(group.get(calibrated, {}))]
        line += [_apart(after, _scores(plain.get(label, {}))) for label in (calibrated, method)]
    return line


def _scores(records: Mapping[int, Record]) -> dict[int, float]:
    return {seed: record["scores"]["score"] for seed, record in records.items() if "error" not in record}


def _cell(records: Mapping[int, Record]) -> str:
    """Mean and deviation of Score, and the seeds that failed."""
    scores, failed = list(_scores(records).values()), sum("error" in record for record in records.values())
    deviation = float(np.std(scores, ddof=1)) if len(scores) > 1 else float("nan")
    mean = spread(float(np.mean(scores)), deviation, 3) if scores else "-"
    return mean + (f" ({failed} failed)" if failed else "")


def _apart(after: Mapping[int, float], before: Mapping[int, float]) -> str:
    """Mean difference over the seeds that both have."""
    shared = [after[seed] - before[seed] for seed in after if seed in before]
    return number(float(np.mean(shared)) if shared else None, 3, "+")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, and print the table.

    Returns
    -------
    int
        The exit status: 0, 1 where cells are not measured, 2 for an error that the user can mend, 130 after Ctrl-C.
    """
    parser = command_parser(
        "robust.confidence", __doc__, "root", "results", "cache", "data", "seeds", "only", "quick", "no-run"
    )
    options = parser.parse_args(arguments)
    return exit_status("robust.confidence", lambda: _run(options), goes_on=True)


def _run(options: argparse.Namespace) -> int:
    folder = results_folder(options, "confidence")
    every = cells(options.quick, options.only, options.data, options.seeds, GRID)
    if not options.no_run:
        run_grid(
            every,
            folder,
            Paths(options.root, ".", str(options.cache or default_folder())),
            measure_one=measure,
        )
    records = records_of(every, folder)
    print(markdown(records))
    return int(len(records) < len(every))


if __name__ == "__main__":
    logging.getLogger("carla_genre").setLevel(logging.WARNING)  # a line a cell is enough
    sys.exit(main())
