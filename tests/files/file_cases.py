"""Applicants in files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from loans import loans

from carla_genre import Recourse
from carla_genre.constraints import AtMost

TABLE = loans(300)
PEOPLE = loans(120, 7).drop(columns="approved").assign(note='a "quoted",\nnote')
PEOPLE.loc[[3, 5], "home"] = [None, "castle"]


class Watched:
    """A fitted pipeline that calls ``before`` with the rows that it is asked about."""

    def __init__(self, model: Any, before: Callable[[pd.DataFrame], None] | None = None) -> None:
        self.model, self.before, self.classes_ = model, before, model.classes_

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        if self.before is not None:
            self.before(rows)
        return self.model.predict_proba(rows)


class At:
    """Does something when a person's own row is asked about; incomes tell them apart."""

    def __init__(self, person: pd.Series, action: Callable[[], None]) -> None:
        self.income, self.action = person["income"], action

    def __call__(self, rows: pd.DataFrame) -> None:
        if (rows["income"] == self.income).any():
            self.action()


def interrupt() -> None:
    """Ctrl-C."""
    raise KeyboardInterrupt


def write(
    frame: pd.DataFrame, path: Path, group: int = 50, types: dict[str, pa.DataType] | None = None
) -> Path:
    """Write a frame as CSV, or as Parquet in row groups, some columns cast."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
        return path
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for name, kind in (types or {}).items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table.column(name).cast(kind))
    pq.write_table(table, path, row_group_size=group)
    return path


def ask(recourse: Recourse, path: Path, out: Path, **options: Any) -> Any:
    """Two options for everybody, each with at most two changes."""
    return recourse.recommend_files(path, out, 2, constraints=AtMost(2), **options)


def read(out: Path, folder: str = "options") -> pd.DataFrame:
    """All parts of a folder, in their order."""
    return pd.concat([pd.read_parquet(part) for part in sorted((out / folder).glob("part-*.parquet"))])


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
