"""What the commands of the paper's tables and figures share: measure what is missing, then write from the records."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.command import command_parser, exit_status
from benchmarks.paper import interrupt
from carla_genre.harness.command import Options, measured
from carla_genre.harness.grid import read_grid
from carla_genre.harness.grid_values import names
from carla_genre.harness.run import records_of
from carla_genre.io import write_text

Record = Mapping[str, Any]

# All tables and figures share a folder, so that no cell is measured twice.
RESULTS, QUICK_RESULTS = Path("results") / "paper", Path("results") / "paper-quick"
# The type of "error" where a record should be and is not; its message is the command that makes it.
NOT_MEASURED = "NotMeasured"


@dataclass(frozen=True)
class Command:
    """``python -m benchmarks.paper.NAME``.

    Attributes
    ----------
    name : str
        Of the module, and of the files that it writes.
    about : str
        The module's docstring.
    write : callable
        Takes the records and the path of the files to write without their suffix; gives what to print.
    grid : str
        A YAML file, its path from this folder.
    labels : sequence of str
        The grid's methods that are meant; all where it is empty.
    """

    name: str
    about: str
    write: Callable[[list[Record], Path], str]
    grid: str
    labels: Sequence[str] = ()

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
        found = {record["key"]: record for record in records_of(cells, folder)}
        command = ["python", "-m", f"benchmarks.paper.{self.name}", *(["--quick"] if quick else [])]
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

    @property
    def _grid(self) -> Path:
        return Path(__file__).parent / self.grid

    def _run(self, options: argparse.Namespace) -> int:
        folder = options.results or (QUICK_RESULTS if options.quick else RESULTS)
        if options.only and self.labels:
            names(options.only, self.labels, "--only")
        if not options.no_run:
            workers = options.workers if options.workers is not None else _cores() if options.quick else 1
            chosen = {name: getattr(options, name) for name in ("root", "cache", "quick", "data", "seeds")}
            only = options.only or self.labels
            measured(Options(grid=str(self._grid), workers=workers, only=only, **chosen), folder)
        records = self.records(folder, options.quick, options.only, options.data, options.seeds)
        print(self.write(records, folder / self.name))
        print(f"written: {self.name} in {folder}", file=sys.stderr)
        return int(any("error" in record for record in records))

    def _parser(self) -> argparse.ArgumentParser:
        parser = command_parser(f"paper.{self.name}", self.about)
        parser.add_argument(
            "--quick", action="store_true", help="the smaller grid: shows that all runs, no more"
        )
        parser.add_argument(
            "--results", type=Path, metavar="DIR", help=f"folder of the records ({RESULTS}; {QUICK_RESULTS})"
        )
        parser.add_argument("--root", metavar="DIR", help="folder of CARLA's CSVs (CF_DATA, else ~/cf-data)")
        parser.add_argument("--cache", metavar="DIR", help="of trained classifiers (~/.cache/carla-genre)")
        parser.add_argument(
            "--workers", type=int, metavar="N", help="cells at a time (1; the cores with --quick)"
        )
        parser.add_argument("--data", nargs="+", default=[], metavar="NAME", help="these data sets alone")
        parser.add_argument(
            "--seeds", nargs="+", type=int, default=[], metavar="N", help="in the place of the grid's"
        )
        parser.add_argument("--only", nargs="+", default=[], metavar="LABEL", help="these methods alone")
        parser.add_argument("--no-run", action="store_true", help="measure nothing; write what there is")
        return parser


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
