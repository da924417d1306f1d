r"""More than a hundred features: what GenRe and the nearest neighbour cost and score against d, and what helps.

python -m benchmarks.studies.features [--d 20 50 100 200 500] [--remedies 100] [--real communities musk] [--root DIR] \
    [--steps N] [--json FILE]

Seconds are the processor's, on one thread. The figures are far from converged: every training has a few hundred small
steps, so that two cores reach d = 500; what is compared is how they grow, and the ways beside each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.command import command_parser
from benchmarks.studies.features.page import draw
from benchmarks.studies.features.real import SETS
from benchmarks.studies.features.study import Plan, growth, real, remedies, settings_of
from carla_genre.harness.record import write

QUICK: Mapping[str, Any] = {"steps": 4, "batch_size": 16, "rows": 400, "factuals": 20}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write after each part, draw."""
    parser = command_parser("studies.features", __doc__, "quick")
    parser.add_argument("--d", nargs="*", type=int, default=[20, 50, 100, 200, 500])
    parser.add_argument(
        "--remedies", nargs="*", type=int, default=[100], help="d at which all ways are tried"
    )
    parser.add_argument(
        "--real", nargs="*", choices=list(SETS), default=[], help="real tables beside the known data"
    )
    parser.add_argument("--root", type=Path, help="folder of the real tables' files")
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--json", type=Path, help="file to write; the plot is written beside it")
    if parser.parse_args(arguments).quick:
        parser.set_defaults(d=[10, 15], remedies=[10])
    options = parser.parse_args(arguments)
    plan = Plan(**{"steps": options.steps, "seed": options.seed, **(QUICK if options.quick else {})})
    figures: dict[str, list[dict[str, Any]]] = {"growth": [], "remedies": [], "real": []}
    work: list[tuple[str, Callable[..., list[dict[str, Any]]], tuple[Any, ...]]] = [
        *(("growth", growth, (d, plan)) for d in options.d),
        *(("remedies", remedies, (d, plan)) for d in options.remedies),
        *(("real", real, (name, options.root, plan)) for name in options.real),
    ]
    for part, measure, given in work:
        rows = measure(*given)
        figures[part] += rows
        for row in rows:
            print(", ".join(f"{name} {_shown(value)}" for name, value in row.items()), flush=True)
        if options.json:
            write(options.json, settings_of(plan), figures)
    if options.json and figures["growth"]:
        draw(figures["growth"], options.json.with_suffix(""))


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
