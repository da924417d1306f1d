"""Answers for random tables, classifiers and constraints: none refused, no constraint broken, no foreign cell changed.

python -m benchmarks.reliability.tables --answers 100000

Each world is a table of 2 to 40 columns, a classifier that was trained on its raw rows, and people under some index. It
is asked several times under random constraints. The record is written after each world; a run that was ended goes on
where it was. Runs of different seeds, far apart, have records of their own.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.command import command_parser, exit_status
from benchmarks.reliability.promises import quiet
from benchmarks.reliability.tables_check import FAULTS, faults_of
from benchmarks.reliability.tables_constraints import random_constraints
from benchmarks.reliability.tables_world import World, random_world
from carla_genre import Recourse
from carla_genre.constraints import Constraint, Freeze
from carla_genre.errors import InputError
from carla_genre.harness.code import code_digest
from carla_genre.harness.record import write
from carla_genre.recourse import Recommendations
from carla_genre.selection import calibration, surrogate

# A generator and a selector that are ready in a moment: what is asked of an answer holds for any.
QUICK: Mapping[str, Any] = {
    "training": {"steps": 20, "batch_size": 64, "evaluations": 1},
    "architecture": {"decoder_layers": 1, "embedding": 16},
    "n_samples": 24,
}
QUESTIONS = 3
# What a random table may not have enough rows for, and what random constraints may say to each other.
POOR = (
    "D_h",
    "an accepted one",
    "for every row of table",
    "contradicts the table",
    "outcome of",
    "nobody of the desired outcome is accepted",
    "nobody is refused in table",
    "to show what is plausible",
)
CONTRADICTORY = "leave nothing"


@contextmanager
def quick() -> Iterator[None]:
    """Smaller forests and one bootstrapped judge; no warnings and no log lines."""
    few = patch.object(surrogate, "TREES", 10), patch.object(calibration, "MOST_DRAWS", 1)
    with few[0], few[1], quiet():
        yield


def built(world: World, constraints: Sequence[Constraint] = (), seed: int = 0) -> Recourse | None:
    """The door to a world; None where its table is too poor to learn from."""
    try:
        return Recourse(
            world.classifier,
            world.table,
            "outcome",
            world.desired,
            constraints=constraints,
            threshold=world.threshold,
            categorical=world.categorical,
            continuous=world.numbers,
            verbose=False,
            seed=seed,
            hyperparams=QUICK,
        )
    except InputError as error:
        if not any(words in str(error) for words in POOR):
            raise
        return None


def ask_world(seed: int, questions: int = QUESTIONS) -> tuple[Counter[str], list[tuple[str, str]]]:
    """Make one world and ask it: what was counted, and every fault."""
    random, counts = np.random.default_rng([seed, 15]), Counter[str]()
    world, faults = random_world(random), list[tuple[str, str]]()
    fixed = random_constraints(random, world, most=1)
    recourse = built(world, [one for _, one in fixed], seed)
    counts["worlds"] += 1
    if recourse is None:
        counts["worlds too poor to learn from"] += 1
        return counts, faults
    counts[f"with {world.model}"] += 1
    for _ in range(questions):
        asked = random_constraints(random, world)
        each = _by_person(random, world) if world.people.index.is_unique and random.random() < 0.3 else {}
        n, diverse = int(random.integers(1, 6)), bool(random.integers(2))
        try:
            found = recourse.recommend(
                world.people, n, constraints=[one for _, one in asked], by_person=each, diverse=diverse
            )
        except InputError as error:
            if CONTRADICTORY not in str(error):
                raise
            counts["questions that contradict themselves"] += 1
            continue
        held = [one for _, one in (*fixed, *asked)]
        faults += faults_of(world, world.people, found, held, each, n)
        _count(counts, found, [kind for kind, _ in (*fixed, *asked)], each)
    return counts, faults


def _by_person(random: np.random.Generator, world: World) -> dict[Any, list[Constraint]]:
    """Further constraints of some people."""
    own = dict[Any, list[Constraint]]()
    kinds = [one for _, one in random_constraints(random, world, 1, 2)]
    for place in random.choice(len(world.people), len(world.people) // 2, replace=False):
        frozen = Freeze(str(random.choice(list(world.kinds))))
        own[world.people.index[place]] = [frozen, kinds[place % len(kinds)]][: 1 + int(random.integers(2))]
    return own


def _count(
    counts: Counter[str],
    found: Recommendations,
    kinds: Sequence[str],
    each: Mapping[Any, Sequence[Constraint]],
) -> None:
    own = (found.status.iloc[found.place] == "answered").to_numpy()
    answers = int(own.sum())
    counts.update(
        {
            "questions": 1,
            "people": len(found.people),
            "answers": answers,
            "changed cells": len(found.changes),
            "accepted already": len(found) - answers,
            "without an option": len(found.unanswered),
        }
    )
    for kind in set(kinds):
        counts[f"answers under {kind}"] += answers
    if each:
        counts["answers under by_person"] += int(found.rows.index[own].isin(list(each)).sum())


def _run(options: Any) -> int:
    path = None if options.json is None else options.json / f"tables_{options.seed}.json"
    settings = {"seed": options.seed, "code": code_digest()}
    counts, seconds = _before(path, settings)
    shown = 0
    with quick():
        while counts["answers"] < options.answers:
            start = time.perf_counter()
            more, faults = ask_world(options.seed + counts["worlds"])
            counts.update(more)
            counts.update(dict.fromkeys(FAULTS, 0) | Counter(kind for kind, _ in faults))
            seconds += time.perf_counter() - start
            for kind, what in faults[:5]:
                print(f"world {options.seed + counts['worlds'] - 1}: {kind}: {what}", flush=True)
            if counts["answers"] // 5000 > shown:
                shown = counts["answers"] // 5000
                print(
                    f"{counts['answers']:,} answers of {counts['worlds']} worlds, {seconds:.0f} s", flush=True
                )
            if path is not None:
                write(path, settings, {**counts, "seconds": round(seconds, 1)})
    wrong = sum(counts[fault] for fault in FAULTS)
    print({name: counts[name] for name in ("worlds", "questions", "people", "answers", *FAULTS)})
    return int(wrong > 0)


def _before(path: Path | None, settings: Mapping[str, Any]) -> tuple[Counter[str], float]:
    """What a run of the same settings and code has counted before it was ended, and its seconds."""
    if path is None or not path.exists():
        return Counter(), 0.0
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["settings"] != settings:
        return Counter(), 0.0
    figures = dict(record["figures"])
    seconds = float(figures.pop("seconds"))
    return Counter(figures), seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask until there are enough answers; the exit status is 1 where one has a fault."""
    parser = command_parser("reliability.tables", __doc__)
    parser.add_argument("--answers", type=int, default=100_000, help="how many, at least (100000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first world (0)")
    parser.add_argument("--json", type=Path, metavar="DIR", help="write the record there, and go on from it")
    options = parser.parse_args(arguments)
    return exit_status("reliability.tables", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
