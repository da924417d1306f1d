"""Which seeds stand behind a row of a table: measured, failed or not measured yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.paper.command import NOT_MEASURED, Record
from benchmarks.paper.published import name_of
from carla_genre.errors import InputError
from carla_genre.harness.cell import conditions
from carla_genre.harness.code import codes_of, mark_of, notes_on_code
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER


def of_the_paper_s_protocol(records: Iterable[Record]) -> list[Record]:
    """Those of the paper's network, labels and gold classifier, by seed and label; a folder may have others too.

    Raises
    ------
    InputError
        There are none.
    """
    chosen = (
        record
        for record in records
        if record["cell"].get("classifier", PAPER_CLASSIFIER) == PAPER_CLASSIFIER
        and not conditions(record["cell"])
    )
    ordered = sorted(chosen, key=lambda record: (record["cell"]["seed"], record["cell"]["label"]))
    if not ordered:
        raise InputError("there are no records of the paper's classifier, labels and gold classifier")
    return ordered


def seeds_of(group: Sequence[Record]) -> dict[str, str]:
    """What stands behind the records of a data set and method.

    Returns
    -------
    dict
        ``seeds`` that are measured; ``failed``, seeds and reasons; ``missing``, seeds that are not measured, and the
        command to ``measure`` them; the ``code`` of the measured, as :func:`carla_genre.harness.code.codes_of` has
        it. Each is empty where there are none.
    """
    errors = [record for record in group if "error" in record]
    missing = [record for record in errors if record["error"]["type"] == NOT_MEASURED]
    return {
        "seeds": _seeds(record for record in group if "error" not in record),
        "failed": "; ".join(
            f"seed {record['cell']['seed']}: {record['error']['type']}: {record['error']['message']}"
            for record in errors
            if record["error"]["type"] != NOT_MEASURED
        ),
        "missing": _seeds(missing),
        "measure": missing[0]["error"]["message"] if missing else "",
        "code": codes_of(group),
    }


def shown_seeds(row: Mapping[str, Any]) -> str:
    """What stands in a table's column of seeds; they are marked where they are of several codes."""
    return row["seeds"] + mark_of(row["code"]) or ("failed" if row["failed"] else "not measured")


def notes_on_seeds(rows: pd.DataFrame) -> Iterator[str]:
    """Lines: each failure, what of a data set is not measured and the command that does it, seeds of several codes.

    Parameters
    ----------
    rows : DataFrame
        With ``data``, ``name`` of the method and what :func:`seeds_of` says.
    """
    for row in rows[rows["failed"] != ""].to_dict("records"):
        yield f"- failed: {name_of(row['data'])}, {row['name']}, {row['failed']}"
    for (data, command), same in rows[rows["missing"] != ""].groupby(["data", "measure"], sort=False):
        which = ", ".join(f"{row['name']} (seeds {row['missing']})" for row in same.to_dict("records"))
        yield f"- not measured: {name_of(data)}: {which}. `{command}`"
    yield from notes_on_code(
        (name_of(row["data"]), row["name"], row["code"]) for row in rows.to_dict("records")
    )


def _seeds(records: Iterable[Record]) -> str:
    return ", ".join(str(record["cell"]["seed"]) for record in records)
