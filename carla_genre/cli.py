"""The command `carla-genre`."""

from __future__ import annotations

import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer import Argument, Option

import carla_genre
from carla_genre.errors import CarlaGenreError

app = typer.Typer(
    help=carla_genre.__doc__,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Model = Annotated[
    str,
    Option(
        metavar="MODEL",
        help="a .joblib or .pkl file, which runs code when it is read (give only those that you trust), an .onnx file, "
        "or MODULE:NAME, which is imported",
    ),
]
Config = Annotated[str | None, Option(metavar="FILE", help="settings and constraints, YAML")]
Frozen = Annotated[
    list[str] | None, Option("--freeze", metavar="FEATURE", help="stays as it is; once for each feature")
]
AtMost = Annotated[int | None, Option(metavar="K", help="how many features may change")]
Workers = Annotated[int, Option(metavar="N", help="processes of this machine")]
Cluster = Annotated[
    str | None, Option(metavar="ADDRESS", help="use the workers of this Dask scheduler, or of its file")
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Of the command line; else the process's own.

    Returns
    -------
    int
        The exit status: 0, 1 for a benchmark with cells that failed or people without an option under ``--strict``, 2
        for an error that the user can mend, 130 after Ctrl-C.
    """
    _log_to_stderr()
    try:
        typer.main.get_command(app).main(arguments, prog_name="carla-genre")
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def _run(module: str, function: str, options: dict[str, Any]) -> NoReturn:
    """Do what a command does; its module is imported when it is run, so that ``--help`` comes at once."""
    given = {name: _at_home(value) for name, value in options.items()}
    _leave_with(lambda: getattr(import_module(f"carla_genre.{module}"), function)(Namespace(**given)))


def _at_home(value: Any) -> Any:
    """What is given, with the user's folder for ``~``: a shell leaves ``--out=~/options.csv`` as it is."""
    return os.path.expanduser(value) if str(value).startswith("~") else value


def _leave_with(work: Callable[[], int | None]) -> NoReturn:
    """Work, and leave with its exit status, or with that of an error."""
    try:
        status = work() or 0
    except CarlaGenreError as error:
        print(f"carla-genre: {' '.join(str(error).split())}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print("\ncarla-genre: interrupted", file=sys.stderr)
        status = 130
    raise typer.Exit(status)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"carla-genre {carla_genre.__version__}")
        raise typer.Exit


@app.callback()
def _of_all(
    version: Annotated[
        bool, Option("--version", callback=_print_version, is_eager=True, help="print it, and exit")
    ] = False,
) -> None:
    """Recourse (GenRe), and CARLA on a current Python."""


@app.command()
def demo(
    data: Annotated[str, Option(metavar="NAME|CSV", help="a data set's name, or a CSV file")] = "adult",
    target: Annotated[
        str | None, Option(help="the label's column of a CSV file (guessed where only one can be it)")
    ] = None,
    seed: Annotated[int, Option(help="of h, GenRe and the choice of people")] = 42,
    out: Annotated[str, Option(help="folder for demo.png, demo.html and demo.json")] = "demo",
    people: Annotated[int, Option(help="how many denied people to answer")] = 60,
    quick: Annotated[
        bool, Option("--quick", help="few rows, people and steps: shows every step, answers badly")
    ] = False,
) -> None:
    """Recourse for 60 denied people: GenRe beside Wachter and DiCE, in about a minute.

    Train a classifier and GenRe, answer denied people, compare, and write a picture, a page of options and a JSON.
    """
    _run("demo.run", "run", locals())


@app.command()
def fit(
    table: Annotated[
        str,
        Argument(metavar="TABLE", help="the training rows: CSV or Parquet, a file, a folder or a pattern"),
    ],
    model: Model,
    target: Annotated[str, Option(metavar="COLUMN", help="the outcome's column")],
    out: Annotated[str, Option(metavar="DIR", help="the folder that is written")],
    desired: Annotated[
        str | None, Option(metavar="LABEL", help="the outcome that people want (the obvious one of two)")
    ] = None,
    sample: Annotated[
        int, Option(metavar="N", help="learn from so many rows, drawn evenly where there are more")
    ] = 200_000,
    with_training_rows: Annotated[
        bool,
        Option(
            "--with-training-rows", help="keep the rows in the folder, so that `recourse` needs no --table"
        ),
    ] = False,
    config: Config = None,
    freeze: Frozen = None,
    at_most: AtMost = None,
) -> None:
    """Learn recourse for a model of your own from its training table.

    The model was trained on the table's columns as they are. What is learned is written as a folder
    (docs/recourse.md). A call that was stopped is taken up by the same call.
    """
    _run("commands.fit", "fit", locals())


@app.command()
def recourse(
    people: Annotated[str, Argument(metavar="PEOPLE", help="CSV or Parquet: a file, a folder or a pattern")],
    generator: Annotated[str, Option(metavar="DIR", help="what `carla-genre fit` wrote")],
    model: Model,
    table: Annotated[
        str | None, Option(metavar="TABLE", help="the training rows, where the folder does not hold them")
    ] = None,
    out: Annotated[
        str | None,
        Option(
            metavar="PATH",
            help="options.csv or options.parquet, or a folder of parts; who has none is beside them",
        ),
    ] = None,
    html: Annotated[str | None, Option(metavar="FILE", help="a page to look at and to send")] = None,
    json: Annotated[str | None, Option(metavar="FILE", help="everything in plain types")] = None,
    index: Annotated[
        str | None, Option(metavar="COLUMN", help="names the people (the number of their row)")
    ] = None,
    n: Annotated[int, Option("--n", metavar="N", help="options a person")] = 1,
    diverse: Annotated[bool, Option("--diverse", help="options that differ, not the best ones")] = False,
    strict: Annotated[bool, Option("--strict", help="exit status 1 where somebody has no option")] = False,
    workers: Workers = 1,
    cluster: Cluster = None,
    config: Config = None,
    freeze: Frozen = None,
    at_most: AtMost = None,
) -> None:
    """Options for people in CSV or Parquet files, in the table's own units.

    Each option is the person's own row in which the changed cells alone are new, and which the model has accepted.
    Some thousand people are in memory at a time, and a call that was stopped is taken up by the same call.

    Exit status 0; 1 with --strict where somebody has no option; 2 for what you can mend.
    """
    _run("commands.recourse", "recommend", locals())


@app.command()
def benchmark(
    grid: Annotated[str, Argument(metavar="GRID.yaml", help="what to measure")],
    results: Annotated[str | None, Option(metavar="DIR", help="folder of the records (results/GRID)")] = None,
    root: Annotated[
        str | None, Option(metavar="DIR", help="folder of CARLA's CSVs (CF_DATA, else ~/cf-data)")
    ] = None,
    cache: Annotated[
        str | None, Option(metavar="DIR", help="folder of trained classifiers (~/.cache/carla-genre)")
    ] = None,
    workers: Annotated[int, Option(metavar="N", help="cells at a time")] = 1,
    time_limit: Annotated[
        float | None, Option(metavar="S", help="seconds after which a cell is stopped and has failed")
    ] = None,
    cluster: Cluster = None,
    quick: Annotated[bool, Option("--quick", help="the smaller grid that the file's 'quick' says")] = False,
    only: Annotated[list[str] | None, Option(metavar="LABEL", help="of these methods alone")] = None,
    data: Annotated[list[str] | None, Option(metavar="NAME", help="data sets instead of the grid's")] = None,
    seeds: Annotated[list[int] | None, Option(metavar="N", help="instead of the grid's")] = None,
) -> None:
    """Measure a grid of methods, data sets and seeds, each cell a record.

    What is measured is said by a YAML file (docs/benchmark.md). A cell that has its record is skipped, so a run that
    was stopped goes on when it is started again; failed cells are tried again. --only, --data and --seeds may be given
    several times.
    """
    only, data, seeds = only or [], data or [], seeds or []
    _run("harness.command", "run", locals())


@app.command()
def report(
    results: Annotated[
        list[str] | None, Argument(metavar="RESULTS", help="folders of records (results)")
    ] = None,
    out: Annotated[str, Option(metavar="FILE", help="the page")] = "results/report.html",
) -> None:
    """One HTML page of what benchmarks have measured.

    Sortable tables of all records under some folders, plots, and the configuration behind each number. It needs no
    network, and nothing but a browser to be read.
    """
    _leave_with(lambda: _report(results or ["results"], out))


@app.command()
def doctor() -> None:
    """Print versions, and what was repaired in CARLA."""
    _leave_with(_doctor)


def _report(results: list[str], out: str) -> None:
    from carla_genre.report import write_report

    collection = write_report(list(map(_at_home, results)), out)
    failed = sum(one.failed for one in collection.found)
    print(
        f"written: {out}, {len(collection.found)} records ({failed} failed), "
        f"{len(collection.superseded)} measured again since, {len(collection.skipped)} other files skipped"
    )


def _doctor() -> None:
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
