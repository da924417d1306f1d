"""Records that the paper has no figures of: a row for each data set and method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.paper.published import ALL_NAMES, name_of
from carla_genre.harness.table import HELD, MEASURES, VARIANTS_LEGEND, columns_table, notes, table

Record = Mapping[str, Any]

SHOWN = (
    *("Cost", "Val", "LOF", "Score", "answered", "violations", "validity", "future validity, rows", "copies"),
    *("prepare s", "answer s"),
)
LEGEND = """\
validity: h accepts the answer. future validity: so does h trained again on rows drawn with replacement. copies: answers
that equal a training row. violations: answers that break a constraint. Seconds: of training and of all answers; of the
processor."""


def markdown(records: Iterable[Record]) -> str:
    """A table of the records in their order, and what stands below it."""
    records = list(records)
    rows = table(records).replace({"data": ALL_NAMES})
    shown = columns_table(rows, {name: MEASURES[name] for name in SHOWN})
    legend = f"{LEGEND}\n{VARIANTS_LEGEND}" if (rows["constraints"] == HELD).any() else LEGEND
    return "\n\n".join(filter(None, [shown, legend, "\n".join([*_failures(records), *notes(rows)])]))


def _failures(records: Iterable[Record]) -> list[str]:
    return [
        f"- {name_of(cell['data'])}, {cell['label']}, seed {cell['seed']}: {record['error']['message']}"
        for record in records
        if "error" in record
        for cell in [record["cell"]]
    ]
