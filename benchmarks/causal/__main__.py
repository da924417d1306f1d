"""Recourse in structural causal models: what becomes of answers when their actions are carried out in the true model.

python -m benchmarks.causal [--data linear additive ...] [--seeds 0 1 2 3 4] [--results DIR] [--quick] [--no-run]

A model's and seed's JSON is written when all methods are measured; one that is there is not measured again. figure.png
and .svg are drawn from the JSONs.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.causal.models import TRUTHS
from benchmarks.causal.page import draw, markdown, read_records
from benchmarks.causal.study import METHODS, MOST_SEARCHED, PARTS, Plan, measured, world
from benchmarks.command import command_parser, exit_status, results_folder
from carla_genre.harness.record import write

SEEDS = (0, 1, 2, 3, 4)
# CARLA's search takes half as long as all others together.
SEARCHED = (0, 1)
QUICK = Plan(rows=400, people=10, searched=1, epochs=200, hyperparams=(("training", {"steps": 20}),))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what has no record, draw, print; the exit status: 0, 2 for an error of the user, 130 after Ctrl-C."""
    parser = command_parser("causal", __doc__, "results", "seeds", "quick", "no-run")
    parser.add_argument(
        "--data", nargs="+", choices=tuple(TRUTHS), default=list(TRUTHS), help="these models alone"
    )
    options = parser.parse_args(arguments)
    return exit_status("causal", lambda: _run(options), goes_on=True)


def _run(options: argparse.Namespace) -> None:
    folder, plan = results_folder(options, "causal"), QUICK if options.quick else Plan()
    seeds = options.seeds or (SEEDS[:1] if options.quick else SEEDS)
    if not options.no_run:
        for model, seed, path in _missing(folder, options.data, seeds):
            here, rows = world(TRUTHS[model], seed, plan), []
            for part, label in itertools.product(PARTS, METHODS):
                few = len(here.truth.order) <= MOST_SEARCHED and seed in SEARCHED
                if label == "CausalRecourse" and not few:
                    continue
                rows.append(measured(here, part, label, seed, plan))
                print(f"{model} {seed} {part}, {label}: {rows[-1]['after']}", flush=True)
            write(path, {"model": model, "seed": seed, **asdict(plan)}, {"rows": rows})
    records = read_records(folder)
    draw(records, folder / "figure")
    print("\n\n".join(f"{part}:\n\n{markdown(records, part)}" for part in PARTS))


def _missing(folder: Path, models: Sequence[str], seeds: Sequence[int]) -> Iterator[tuple[str, int, Path]]:
    for seed in seeds:
        for model in models:
            path = folder / f"{model.replace(' ', '-')}_seed{seed}.json"
            if not path.exists():
                yield model, seed, path


if __name__ == "__main__":
    logging.getLogger("carla_genre").setLevel(logging.WARNING)
    sys.exit(main())
