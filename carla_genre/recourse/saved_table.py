"""The training table beside a saved Recourse: written, found again, and told from another one."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.errors import CheckpointError, InputError
from carla_genre.io import write_bytes, writing
from carla_genre.suggestions import word_of

TABLE = "table.parquet"


def write_table(folder: str | os.PathLike[str], table: pd.DataFrame) -> None:
    """Write the training table beside the generator."""
    write_bytes(Path(folder) / TABLE, in_parquet(table, "the training table"))


def forget_table(folder: str | os.PathLike[str]) -> None:
    """Remove the training table of an earlier save."""
    with writing(Path(folder) / TABLE):
        (Path(folder) / TABLE).unlink(missing_ok=True)


def in_parquet(table: pd.DataFrame, what: str) -> bytes:
    """The content of a Parquet file.

    Raises
    ------
    InputError
        Its index or a column cannot be written; pyarrow says which.
    """
    buffer = io.BytesIO()
    try:
        table.to_parquet(buffer)
    except Exception as error:  # pyarrow's are of many kinds
        said = "; ".join(map(str, error.args))
        raise InputError(
            f"{what} cannot be written as Parquet: {said}. Make that column, or the index if it is None, of one type, "
            "astype(str), under a name of its own"
        ) from error
    return buffer.getvalue()


def training_table(
    folder: str | os.PathLike[str], given: pd.DataFrame | None, card: Mapping[str, Any]
) -> pd.DataFrame:
    """The table that the folder's generator was trained on: the one that is given, else the folder's own.

    ``card`` is what :func:`read_card` gives.

    Raises
    ------
    CheckpointError
        There is none, or it is another one.
    InputError
        It is no frame.
    """
    path = Path(folder) / TABLE
    if given is None and not path.exists():
        raise CheckpointError(
            f"{folder} holds no training rows: give the table, load(folder, classifier, table), or save it with "
            "with_training_rows=True"
        )
    try:
        table = pd.read_parquet(path) if given is None else given
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if not isinstance(table, pd.DataFrame):
        raise InputError(f"table must be a DataFrame, got {type(table).__name__}")
    if given is None:  # Parquet keeps no categories but those of texts
        kinds = {
            name: pd.CategoricalDtype(spelled_as(kept["categories"], table[name]), kept["ordered"])
            for name, kept in card["categories"].items()
        }
        table = table.astype(kinds)
    if digest_of(table) != card["digest"]:
        raise CheckpointError(
            f"the table is not the one that {folder} was trained on: {_difference(table, card)}"
        )
    return table


def digest_of(table: pd.DataFrame) -> str:
    """SHA-256 of a table's columns and cells, and of the order of levels that have one; the index is of no account."""
    found = hashlib.sha256(repr([str(name) for name in table.columns]).encode())
    for name in table.columns:
        column = table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            if column.dtype.ordered:  # what is up would be down
                present = column.cat.remove_unused_categories().dtype
                found.update(repr(present.categories.astype(str).tolist()).encode())
            column = column.astype(object)
        found.update(pd.util.hash_array(np.asarray(column.astype(str))).tobytes())
    return found.hexdigest()


def spelled_as(given: Any, column: pd.Series) -> Any:
    """A label as the column has it, where a file or a command line has its text: a time, an interval, a number.

    Of a list, each one. YAML reads ``yes`` as true, where the column has the word. What is no label stays.
    """
    if isinstance(given, list):
        return [spelled_as(one, column) for one in given]
    known = column.dropna().unique().tolist()
    texts = list(map(str, known))
    if given in known:
        return given
    if isinstance(given, bool):
        place = word_of(given, texts)
        return given if place is None else known[place]
    return known[texts.index(given)] if given in texts else given


def _difference(table: pd.DataFrame, card: Mapping[str, Any]) -> str:
    names, own = [str(name) for name in table.columns], card["columns"]
    lacks, has = [name for name in own if name not in names], [name for name in names if name not in own]
    if lacks or has:
        return " and ".join(
            [f"it lacks the columns {lacks}"] * bool(lacks)
            + [f"it has the columns {has} besides"] * bool(has)
        )
    if names != own:
        return f"its columns have another order, {own} is the right one"
    if len(table) != card["rows"]:
        return f"it has {len(table)} rows, not {card['rows']}"
    other = [
        f"{name!r} is {table[name].dtype}, it was {kind}"
        for name, kind in card["dtypes"].items()
        if _written_as(table[name].dtype) != _written_as(kind)
    ]
    if other:  # 54 and 54.0 are other cells
        return f"{'; '.join(other[:5])}: make them the same, astype({{...}})"
    return "its cells differ, its rows have another order, or the levels of a Categorical have"


def _written_as(dtype: object) -> str:
    """How the cells of a dtype are written: as whole numbers, as decimals, as flags or otherwise."""
    name = str(dtype).lower().replace("double", "float")
    return next((kind for kind in ("int", "float", "bool") if kind in name), "")
