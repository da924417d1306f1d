"""A trained Recourse in a folder: the generator, and a card that says what it is of."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.constraints.plain import from_plain, to_plain
from carla_genre.errors import CheckpointError, InputError
from carla_genre.io import in_json, write_text
from carla_genre.recourse.decision import as_labels, is_interval
from carla_genre.recourse.found import ANSWERED, Found

GENERATOR, CARD, TABLE = "generator.safetensors", "recourse.json", "table.parquet"


def write_card(
    folder: str | os.PathLike[str], params: Mapping[str, Any], table: pd.DataFrame, measured: Found | None
) -> None:
    """Write ``recourse.json``: the arguments, the table's digest, and what was measured on held-out people.

    Raises
    ------
    InputError
        An argument cannot be written, or the folder cannot.
    """
    kept = {
        name: value for name, value in params.items() if name not in ("classifier", "constraints", "desired")
    }
    card = {
        "arguments": in_json(kept),
        "desired": _desired(params["desired"]),
        "constraints": [in_json(to_plain(one)) for one in params["constraints"]],
        "classifier": type(params["classifier"]).__name__,
        "table": {
            "rows": len(table),
            "columns": [str(name) for name in table.columns],
            "digest": digest_of(table),
        },
        "categories": {
            str(name): {"categories": in_json(dtype.categories.tolist()), "ordered": bool(dtype.ordered)}
            for name, dtype in table.dtypes.items()
            if isinstance(dtype, pd.CategoricalDtype)
        },
        "held_out": None if measured is None else _figures(measured),
    }
    write_text(Path(folder) / CARD, json.dumps(card, indent=1, allow_nan=False))


def read_card(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The arguments of :class:`carla_genre.Recourse` and the table's digest, as :func:`write_card` wrote them.

    Raises
    ------
    CheckpointError
        There is no such folder, or its card is damaged.
    """
    path = Path(folder) / CARD
    try:
        card = json.loads(path.read_text())
        arguments = {
            **card["arguments"],
            "desired": _read_desired(card["desired"]),
            "constraints": from_plain(card["constraints"]),
        }
        return {
            "arguments": arguments,
            "digest": str(card["table"]["digest"]),
            "categories": card["categories"],
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is no card of a saved Recourse: {error}") from error


def write_table(folder: str | os.PathLike[str], table: pd.DataFrame) -> None:
    """Write the training table beside the generator."""
    try:
        table.to_parquet(Path(folder) / TABLE)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"the training table cannot be written as Parquet: {error}") from error


def training_table(
    folder: str | os.PathLike[str], given: pd.DataFrame | None, card: Mapping[str, Any]
) -> pd.DataFrame:
    """The table that the folder's generator was trained on: the one that is given, else the folder's own.

    ``card`` is what :func:`read_card` gives.

    Raises
    ------
    CheckpointError
        There is none, or it is another one.
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
    if given is None:  # Parquet keeps no categories but those of texts
        kinds = {name: pd.CategoricalDtype(**kept) for name, kept in card["categories"].items()}
        table = table.astype(kinds)
    if digest_of(table) != card["digest"]:
        raise CheckpointError(f"the table is not the one that {folder} was trained on: its cells differ")
    return table


def digest_of(table: pd.DataFrame) -> str:
    """SHA-256 of a table's columns and cells; the index is of no account."""
    digest = hashlib.sha256(repr([str(name) for name in table.columns]).encode())
    for name in table.columns:
        column = table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        digest.update(pd.util.hash_array(np.asarray(column.astype(str))).tobytes())
    return digest.hexdigest()


def _figures(found: Found) -> dict[str, float]:
    first = found.figures[(found.figures["option"] == 1) & (found.figures["changes"] > 0)]
    refused = int((found.status == ANSWERED).sum()) + len(found.unanswered)
    return {
        "refused people": refused,
        "answered": round(len(first) / max(1, refused), 4),
        "cost": round(float(first["cost"].mean()), 4) if len(first) else 0.0,
        "valid": round(float(first["valid"].mean()), 4) if len(first) else 0.0,
    }


def _desired(desired: Any) -> dict[str, Any]:
    if is_interval(desired):
        return {"interval": in_json(list(desired))}  # an open end is None
    if isinstance(desired, tuple | list | set | frozenset):
        return {"labels": in_json(sorted(as_labels(desired)))}
    return {"label": in_json(desired)}


def _read_desired(written: Mapping[str, Any]) -> Any:
    if "interval" in written:
        ends = zip((-np.inf, np.inf), written["interval"], strict=True)
        return tuple(open_end if end is None else end for open_end, end in ends)
    return written.get("labels", written.get("label"))
