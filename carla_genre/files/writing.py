"""What was found, written as CSV or Parquet: the options, and who has none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from carla_genre.errors import InputError
from carla_genre.files.columns import to_arrow
from carla_genre.files.table import PARQUET, FileTable
from carla_genre.io import at_home, whole_file, writing

FIGURES = dict.fromkeys(("option", "h", "cost", "valid", "inlier", "changes"), pa.float64())
FIGURES |= dict.fromkeys(("option", "changes"), pa.int64())

# Names that somebody gives a file, and no folder.
OTHER_FILES = (
    ".xlsx",
    ".xls",
    ".ods",
    ".tsv",
    ".txt",
    ".json",
    ".html",
    ".feather",
    ".zip",
    ".gz",
    ".bz2",
    ".xz",
)


class Written(NamedTuple):
    """The same rows as a frame, for CSV, and as a pyarrow.Table, for Parquet."""

    frame: pd.DataFrame
    table: Any

    def write(self, path: Path, as_csv: bool, header: bool = True) -> None:
        """Write a file."""
        if as_csv:
            self.frame.to_csv(path, header=header)
        else:
            pq.write_table(self.table, path, write_page_checksum=True)


def outputs_of(out: str | os.PathLike[str]) -> list[Path]:
    """What is written where ``out`` is told: a folder, or a file and the one beside it."""
    return [Path(out), unanswered_beside(Path(out))] if is_one_file(out) else [Path(out)]


def is_one_file(out: str | os.PathLike[str]) -> bool:
    """Whether the options are to be one file, rather than a folder of parts.

    Raises
    ------
    InputError
        It has the name of a file of another kind.
    """
    path = at_home(out)
    if os.path.isdir(path):
        return False
    if path.suffix.lower() in OTHER_FILES:
        raise InputError(
            f"{out}: options are written as .csv or .parquet, or into a folder of parts; {path.suffix} is none of these"
        )
    return path.suffix.lower() in (".csv", *PARQUET)


def unanswered_beside(out: Path) -> Path:
    """Where those without an option are, beside one file of options."""
    return out.with_name(f"{out.stem}.unanswered{out.suffix}")


def check_apart(outputs: Iterable[str | os.PathLike[str]], inputs: Iterable[str | os.PathLike[str]]) -> None:
    """See that no output takes the place of what is read, or of another output.

    Raises
    ------
    InputError
        It does.
    """
    taken = list(map(_place, inputs))
    for out in outputs:
        place = _place(out)
        if place in taken:
            raise InputError(
                f"{out} would be written in the place of what is read or written too: give another name"
            )
        taken.append(place)


def _place(path: str | os.PathLike[str]) -> str:
    try:
        return os.path.realpath(os.path.expanduser(path))
    except (OSError, ValueError):  # it is no path here, which is told where it is used
        return os.fspath(path)


@dataclass(frozen=True)
class Writer:
    """Puts what was found for people of files into their own columns and types.

    A column that cannot hold every answer (whole numbers, where the training table has decimals) becomes a wider one,
    whoever is asked about.
    """

    people: FileTable

    def options(self, found: Any, own: Any) -> Written:
        """The options, figures beside them.

        ``found`` is a :class:`carla_genre.recourse.Recommendations`, ``own`` the people's rows as pyarrow has them.
        """
        frame, people, whose = found.table, self.people, own.take(pa.array(found.place, pa.int64()))
        fields, cells = self._labels(frame.index, whose)
        for name in people.names:
            kind = own_kind = people.columns[name].type
            if name in people.features:
                kind = people.features[name].type_in(own_kind)
                if kind != own_kind:
                    frame[name] = frame[name].astype(kind.to_pandas_dtype())
            fields.append((name, kind))
            cells.append(to_arrow(frame[name], kind) if name in people.features else whose[name])
        for name, kind in zip(frame.columns[len(people.names) :], FIGURES.values(), strict=True):
            fields.append((name, kind))
            cells.append(to_arrow(frame[name], kind))
        return Written(frame, self._table(fields, cells))

    def unanswered(self, found: Any, own: Any) -> Written:
        """Who has no option, and why."""
        none = np.setdiff1d(np.arange(len(found.people)), found.place)
        name = "reason_" if "reason" in self.people.index_names else "reason"
        reasons = found.status.iloc[none].astype(object).rename(name)
        fields, cells = self._labels(reasons.index, own.take(pa.array(none, pa.int64())))
        fields.append((name, pa.string()))
        cells.append(pa.array(reasons.tolist(), pa.string()))
        return Written(reasons.to_frame(), self._table(fields, cells))

    def write(self, found: Any, own: Any, out: str | os.PathLike[str]) -> None:
        """Write one file of the options, and beside it one of those without.

        Raises
        ------
        InputError
            It cannot be written.
        """
        path = Path(out)
        for file, written in (
            (path, self.options(found, own)),
            (unanswered_beside(path), self.unanswered(found, own)),
        ):
            with writing(file), whole_file(file) as part:
                written.write(part, path.suffix.lower() == ".csv")

    def _labels(self, index: pd.Index, whose: Any) -> tuple[list[tuple[str, Any]], list[Any]]:
        """The fields and the cells of the index."""
        people = self.people
        if not people.index:
            return [(people.index_names[0], pa.int64())], [pa.array(index.to_numpy(), pa.int64())]
        kinds = [people.columns[name].type for name in people.index]
        return list(zip(people.index_names, kinds, strict=True)), [whose[name] for name in people.index]

    def _table(self, fields: list[tuple[str, Any]], cells: list[Any]) -> Any:
        names = self.people.index_names
        about = {"pandas_type": "unicode", "numpy_type": "object", "metadata": None}
        index = {
            "index_columns": list(names),
            "column_indexes": [],
            "columns": [{"name": name, "field_name": name, **about} for name in names],
        }
        return pa.Table.from_arrays(cells, schema=pa.schema(fields, {"pandas": json.dumps(index)}))
