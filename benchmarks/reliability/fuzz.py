"""Thousands of odd cases: each ends in the right answer or in exactly one CarlaGenreError.

python -m benchmarks.reliability.fuzz --cases 10000

Hypothesis draws hyperparameters, sampling, factuals, classifiers, tables, damaged files and command lines, and makes a
case that breaks the rule as small as it can. The same seed draws the same cases.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import StopTest

from benchmarks.command import command_parser, exit_status
from benchmarks.reliability import surfaces
from benchmarks.reliability.command_surface import command_lines
from benchmarks.reliability.file_surfaces import Desk, files
from benchmarks.reliability.promises import quiet
from carla_genre.harness.record import write

# Name of a surface -> the property of a case, and its share of all cases.
SURFACES: Mapping[str, tuple[Callable[[Desk, Any], str], float]] = {
    "hyperparameters": (surfaces.hyperparameters, 0.2),
    "sampling": (surfaces.sampling, 0.05),
    "factuals": (surfaces.factuals, 0.2),
    "classifiers": (surfaces.classifiers, 0.1),
    "tables": (surfaces.tables, 0.2),
    "files": (files, 0.1),
    "command lines": (command_lines, 0.15),
}


def fuzz(
    name: str, desk: Desk, cases: int, seed: int = 0, faults: dict[str, str] | None = None
) -> Counter[str]:
    """Draw cases of one surface.

    Parameters
    ----------
    name : str
        Of the surface.
    desk : Desk
        What the cases share.
    cases, seed : int
        How many, and which.
    faults : dict, optional
        Gets where each kind of fault was raised, and its first case; then none is raised.

    Returns
    -------
    Counter
        Outcome ("right", or the error's name) -> how many cases.

    Raises
    ------
    Exception
        What a case has raised that is no CarlaGenreError, or an AssertionError that says what is not right; the
        note tells the smallest case that does so.
    """
    outcomes: Counter[str] = Counter()

    @hypothesis.seed(seed)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
    )
    @given(st.data())
    def case(data: Any) -> None:
        drawn: list[Any] = []
        try:
            outcomes[SURFACES[name][0](desk, lambda strategy: _kept(data.draw(strategy), drawn))] += 1
        except Exception as error:
            if faults is None or isinstance(error, StopTest):
                raise
            outcomes["fault"] += 1
            faults.setdefault(
                _where(error), f"  {drawn!r:.1500}\n{''.join(traceback.format_exception(error)[-4:])}"
            )

    with quiet():
        case()
    return outcomes


def _kept(value: Any, drawn: list[Any]) -> Any:
    drawn.append(value)
    return value


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "carla_genre" in frame.filename] or list(frames)
    return f"{type(error).__name__} {error!s:.60} at {ours[-1].filename}:{ours[-1].lineno}"


def _run(options: Any) -> int:
    faults = 0
    with tempfile.TemporaryDirectory(prefix="carla-genre-fuzz-") as folder:
        desk = Desk(Path(folder))
        for name in options.only or SURFACES:
            start, cases = time.perf_counter(), max(1, round(options.cases * SURFACES[name][1]))
            found: dict[str, str] = {}
            outcomes = fuzz(name, desk, cases, options.seed, found)
            for where, case in found.items():
                print(f"\n{name}: neither right nor one error: {where}\n{case}")
            faults += len(found)
            row = {"cases": sum(outcomes.values()), "seconds": round(time.perf_counter() - start, 1)}
            print(name, row, dict(outcomes), flush=True)
            if options.json and not found:
                settings = {"surface": name, "cases": cases, "seed": options.seed}
                path = options.json / f"fuzz_{name.replace(' ', '_')}.json"
                write(path, settings, {**row, "outcomes": dict(outcomes.most_common())})
    return int(faults > 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all surfaces; the exit status is 1 where one has a fault."""
    parser = command_parser("reliability.fuzz", __doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="of all surfaces together (10000)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (0)")
    parser.add_argument("--only", nargs="+", choices=list(SURFACES), default=[], help="these surfaces alone")
    parser.add_argument(
        "--json", type=Path, metavar="DIR", help="write a record of each surface without a fault"
    )
    options = parser.parse_args(arguments)
    return exit_status("reliability.fuzz", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
