"""What the commands of the paper's tables and figures share: measure what is missing, then write from the records."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.command import command_parser, exit_status, results_folder
from benchmarks.paper import interrupt
from carla_genre.harness.child import run_in_subprocess
from carla_genre.harness.command import measured
from carla_genre.harness.grid import read_grid
from carla_genre.harness.grid_file import check_names
from carla_genre.harness.rows import read_rows
from carla_genre.harness.run import records_of
from carla_genre.io import write_text

Record = Mapping[str, Any]

# The figures a person that a table takes.
PER_PERSON = ("cost", "gold", "inlier")
# All tables and figures share a folder of results, so that no cell is measured twice.
RESULTS = "paper"
# The type of "error" where a record should be and is not; its message is the command that makes it.
NOT_MEASURED = "NotMeasured"


@dataclass(frozen=True)
class Command:
    """``python -m benchmarks.ROOM.NAME``.

    Attributes
    ----------
    name : str
        Of the module, and of the files that it writes.
    about : str
        The module's docstring.
    write : callable
        Takes the records and the path of the files to write without their suffix; gives what to print.
    grid : str
        A YAML file, its path from this folder or a whole path.
    labels : sequence of str
        The grid's methods that are meant; all where it is empty.
    room : str
        Where the module is, under ``benchmarks``.
    measure_one : callable
        As :func:`carla_genre.harness.run_grid` takes it; where it is not the default, cells run one at a time, whatever
        ``--workers`` says.
    """

    name: str
    about: str
    write: Callable[[list[Record], Path], str]
    grid: str
    labels: Sequence[str] = ()
    room: str = "paper"
    measure_one: Callable[..., dict[str, Any]] = run_in_subprocess

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Measure, write and print.

        Returns
        -------
        int
            The exit status: 0, 1 where cells have failed or are not measured, 2 for an error that the user can mend,
            130 after Ctrl-C.
        """
        interrupt.raise_from_now_on()
        options = self._parser().parse_args(arguments)
        return exit_status(self.name, lambda: self._run(options), goes_on=True)

    def records(
        self,
        folder: Path,
        quick: bool = False,
        only: Sequence[str] = (),
        data: Sequence[str] = (),
        seeds: Sequence[int] = (),
    ) -> list[Record]:
        """A record for each cell; what a folder has not stands there as an error of type ``NOT_MEASURED``.

        Parameters
        ----------
        folder : Path
            Of records.
        quick, only, data, seeds
            As :func:`carla_genre.harness.read_grid` takes them; no ``only`` for all of this table or figure.
        """
        cells = read_grid(self._grid, quick, only or self.labels, data, seeds)
        measured = with_people(records_of(cells, folder), folder)
        found = {record["key"]: record for record in measured}
        command = ["python", "-m", f"benchmarks.{self.room}.{self.name}", *(["--quick"] if quick else [])]
        command += ["--results", Path(folder).as_posix(), *(["--seeds", *map(str, seeds)] if seeds else [])]
        return [
            found.get(cell.key)
            or {
                "cell": asdict(cell),
                "key": cell.key,
                "error": {"type": NOT_MEASURED, "message": shlex.join([*command, "--data", cell.data])},
            }
            for cell in cells
        ]

    def _workers(self, options: argparse.Namespace) -> int:
        asked = options.workers if options.workers is not None else _cores() if options.quick else 1
        return int(asked if self.measure_one is run_in_subprocess else min(asked, 1))

    @property
    def _grid(self) -> Path:
        return Path(__file__).parent / self.grid

    def _run(self, options: argparse.Namespace) -> int:
        folder = results_folder(options, RESULTS)
        if options.only and self.labels:
            check_names(options.only, self.labels, "--only")
        if not options.no_run:
            workers, only = self._workers(options), options.only or self.labels
            own = {"grid": str(self._grid), "workers": workers, "only": only}
            own |= {"time_limit": None, "cluster": None}
            measured(argparse.Namespace(**{**vars(options), **own}), folder, self.measure_one)
        records = self.records(folder, options.quick, options.only, options.data, options.seeds)
        print(self.write(records, folder / self.name))
        print(f"written: {self.name} in {folder}", file=sys.stderr)
        return int(any("error" in record for record in records))

    def _parser(self) -> argparse.ArgumentParser:
        shared = ("root", "results", "cache", "data", "seeds", "only", "quick", "no-run")
        parser = command_parser(f"{self.room}.{self.name}", self.about, *shared)
        parser.add_argument(
            "--workers", type=int, metavar="N", help="cells at a time (1; the cores with --quick)"
        )
        return parser


def with_people(records: Iterable[Record], folder: Path) -> list[dict[str, Any]]:
    """Records of a folder, each with its ``rows``: what a table takes of each person, answers as they are, or None."""
    rows = read_rows(folder, PER_PERSON)
    people = dict(iter(rows[~rows["held"]].groupby("key")))
    return [{**record, "rows": people.get(record["key"])} for record in records]


def tables(
    compared: Callable[[Sequence[Record]], pd.DataFrame], markdown: Callable[[pd.DataFrame], str]
) -> Callable[[list[Record], Path], str]:
    """A :class:`Command`'s ``write`` that leaves NAME.md and NAME.csv (all digits), each whole or as it was before."""

    def write(records: list[Record], path: Path) -> str:
        rows = compared(records)
        text = markdown(rows)
        write_text(path.with_suffix(".md"), text)
        write_text(path.with_suffix(".csv"), rows.to_csv(index=False))
        return text

    return write


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
