"""The command `carla-genre`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import carla_genre
from carla_genre.errors import CarlaGenreError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Of the command line; else the process's own.

    Returns
    -------
    int
        The exit status: 0, 1 for a benchmark with cells that failed, 2 for an error that the user can mend,
        130 after Ctrl-C.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    _log_to_stderr()
    try:
        return options.command(options) or 0
    except CarlaGenreError as error:
        print(f"carla-genre: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncarla-genre: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="carla-genre", description=carla_genre.__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {carla_genre.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo",
        help="recourse for 60 denied people: GenRe beside Wachter and DiCE, in about a minute",
        description="Train a classifier and GenRe, answer denied people, compare with Wachter and DiCE, "
        "and write a picture, a page of each person's options and a JSON.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = demo.add_argument
    add("--data", default="adult", metavar="NAME|CSV", help="a data set's name, or a CSV file")
    add("--target", help="the label's column of a CSV file (guessed where only one can be it)")
    add("--seed", type=int, default=42, help="of h, GenRe and the choice of people")
    add("--out", default="demo", help="folder for demo.png, demo.html and demo.json")
    add("--people", type=int, default=60, help="how many denied people to answer")
    add("--quick", action="store_true", help="few rows, people and steps: shows every step, answers badly")
    demo.set_defaults(command=_by("demo.run", "run"))

    _add_fit(commands)
    _add_recourse(commands)
    _add_benchmark(commands)

    report = commands.add_parser(
        "report",
        help="one HTML page of what benchmarks have measured",
        description="Write a page of all records under some folders: sortable tables, plots, and the configuration "
        "behind each number. It needs no network, and nothing but a browser to be read.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    report.add_argument(
        "results", nargs="*", default=["results"], metavar="RESULTS", help="folders of records"
    )
    report.add_argument("--out", default="results/report.html", metavar="FILE", help="the page")
    report.set_defaults(command=_report)

    doctor = commands.add_parser("doctor", help="print versions, and what was repaired in CARLA")
    doctor.set_defaults(command=_doctor)
    return parser


def _add_fit(commands: Any) -> None:
    fit = commands.add_parser(
        "fit",
        help="learn recourse for a model of your own from its training table",
        description="Learn recourse for a model that was trained on the table's columns as they are, and write it as a "
        "folder (docs/recourse.md).",
    )
    add = fit.add_argument
    add("table", metavar="TABLE", help="the training rows: CSV or Parquet, a file, a folder or a pattern")
    _add_model(fit)
    add("--target", required=True, metavar="COLUMN", help="the outcome's column")
    add("--desired", metavar="LABEL", help="the outcome that people want (the obvious one of two)")
    add("--out", required=True, metavar="DIR", help="the folder that is written")
    add(
        "--sample",
        type=int,
        default=200_000,
        metavar="N",
        help="learn from so many rows, drawn evenly where there are more (200,000)",
    )
    add(
        "--with-training-rows",
        action="store_true",
        help="keep the table in the folder, so that `recourse` needs no --table",
    )
    _add_constraints(fit)
    fit.set_defaults(command=_by("commands.fit", "fit"))


def _add_recourse(commands: Any) -> None:
    recourse = commands.add_parser(
        "recourse",
        help="options for people in a CSV or Parquet file, in the table's own units",
        description="Answer the people of files: each option is their own row in which the changed cells alone are "
        "new, and which the model has accepted. Some thousand people are in memory at a time, and a call that was "
        "stopped is taken up by the same call. Exit status 0; 1 with --strict where somebody has no option; 2 for what "
        "you can mend.",
    )
    add = recourse.add_argument
    add("people", metavar="PEOPLE", help="CSV or Parquet: a file, a folder or a pattern")
    add("--generator", required=True, metavar="DIR", help="what `carla-genre fit` wrote")
    _add_model(recourse)
    add("--table", metavar="TABLE", help="the training rows, where the folder does not hold them")
    add(
        "--out",
        metavar="PATH",
        help="options.csv or options.parquet, or a folder of parts; reasons are beside them",
    )
    add("--html", metavar="FILE", help="a page to look at and to send")
    add("--json", metavar="FILE", help="everything in plain types")
    add("--index", metavar="COLUMN", help="names the people (the number of their row)")
    add("--n", type=int, default=1, metavar="N", help="options a person (1)")
    add("--diverse", action="store_true", help="options that differ, rather than the best ones")
    add("--strict", action="store_true", help="exit status 1 where somebody has no option")
    add("--workers", type=int, default=1, metavar="N", help="processes of this machine (1)")
    add("--cluster", metavar="ADDRESS", help="use the workers of this Dask scheduler, or of its file")
    _add_constraints(recourse)
    recourse.set_defaults(command=_by("commands.recourse", "recommend"))


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        required=True,
        metavar="MODEL",
        help="a .joblib or .pkl file, which runs code when it is read (give only those that you trust), an .onnx file, "
        "or MODULE:NAME, which is imported",
    )


def _add_constraints(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", metavar="FILE", help="settings and constraints, YAML")
    add("--freeze", nargs="+", default=[], metavar="FEATURE", help="features that stay as they are")
    add("--at-most", type=int, metavar="K", help="how many features may change")


def _add_benchmark(commands: Any) -> None:
    benchmark = commands.add_parser(
        "benchmark",
        help="measure a grid of methods, data sets and seeds, each cell a record",
        description="Measure what a YAML file says (docs/benchmark.md). A cell that has its record is skipped, so a "
        "run that was stopped goes on when it is started again; failed cells are tried again.",
    )
    add = benchmark.add_argument
    add("grid", metavar="GRID.yaml", help="what to measure")
    add("--results", metavar="DIR", help="folder of the records (results/GRID)")
    add("--root", metavar="DIR", help="folder of CARLA's CSVs (CF_DATA, else ~/cf-data)")
    add("--cache", metavar="DIR", help="folder of trained classifiers (~/.cache/carla-genre)")
    add("--workers", type=int, default=1, metavar="N", help="cells at a time (1)")
    add("--time-limit", type=float, metavar="S", help="seconds after which a cell is stopped and has failed")
    add("--cluster", metavar="ADDRESS", help="run on the workers of this Dask scheduler, or of its file")
    add("--quick", action="store_true", help="the smaller grid that the file's 'quick' says")
    add("--only", nargs="+", default=[], metavar="LABEL", help="these methods alone")
    add("--data", nargs="+", default=[], metavar="NAME", help="these data sets alone")
    add("--seeds", nargs="+", type=int, default=[], metavar="N", help="instead of the grid's")
    benchmark.set_defaults(command=_by("harness.command", "run"))


def _by(module: str, function: str) -> Callable[[argparse.Namespace], int | None]:
    """What a command does; its module is imported when it is run, so that ``--help`` comes at once."""
    return lambda options: getattr(import_module(f"carla_genre.{module}"), function)(options)


def _report(options: argparse.Namespace) -> None:
    from carla_genre.report import write_report

    collection = write_report(options.results, options.out)
    failed = sum(one.failed for one in collection.found)
    print(
        f"written: {options.out}, {len(collection.found)} records ({failed} failed), "
        f"{len(collection.superseded)} measured again since, {len(collection.skipped)} other files skipped"
    )


def _doctor(options: argparse.Namespace) -> None:
    import importlib.util

    from carla_genre import carla_compat
    from carla_genre.evaluation.environment import versions

    for name, version in versions().items():
        print(f"{name}: {version}")
    if importlib.util.find_spec("carla") is None:
        print("carla is not installed: pip install --no-deps carla-recourse==0.0.5")
        return
    import carla  # noqa: F401

    print(carla_compat.report())


class _ToStderr(logging.Handler):
    """Prints to the stderr of the moment: what a live display stands in for, so that lines come above it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


def _log_to_stderr() -> None:
    """Lines of this package only, and not twice: CARLA gives the root logger a handler of its own."""
    logger = logging.getLogger("carla_genre")
    handler = _ToStderr()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


if __name__ == "__main__":
    sys.exit(main())
