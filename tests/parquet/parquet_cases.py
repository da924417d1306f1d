"""Applicants in Parquet, and the classifier on them by name, as workers load it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from method_cases import applicants, make_mlmodel

FEATURES = ["income", "age", "debt", "job", "owner", "region"]
CLASSIFIER = "parquet_cases:classifier"


def classifier() -> Any:
    """The same one each time."""
    return make_mlmodel()


def people(n: int = 120, seed: int = 5) -> pd.DataFrame:
    """Applicants without a label."""
    return applicants(n, seed).drop(columns="approved")


def write(
    frame: pd.DataFrame, path: Path, group: int = 50, types: dict[str, pa.DataType] | None = None
) -> Path:
    """Write a frame in row groups, some columns cast."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for name, kind in (types or {}).items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table.column(name).cast(kind))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=group)
    return path


def read(out: Path, folder: str) -> pd.DataFrame:
    """All parts of a folder of answers, in their order."""
    parts = sorted((out / folder).glob("part-*.parquet"))
    return pa.concat_tables([pq.read_table(part) for part in parts]).to_pandas()


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a job."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
