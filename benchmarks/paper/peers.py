"""Today's peers beside GenRe's default: one table, from the records of their grid and of table 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.paper.published import NAMES
from carla_genre.harness.table import MEASURES, columns_table, notes, table

Record = Mapping[str, Any]

GRID = Path(__file__).with_name("peers.yaml")
# Of table 2: GenRe, and its choice among the nearest rows.
BESIDE = "GenRe", "NNR+Score"
SHOWN = (
    *("Cost", "Val", "LOF", "Score", "answered", "violations", "validity", "future validity, rows", "copies"),
    *("prepare s", "answer s"),
)
LEGEND = """\
validity: h accepts the answer. future validity: so does h trained again on rows drawn with replacement. copies: answers
that equal a training row. violations: answers that break a constraint. Seconds: of training and of all answers; of the
processor."""


def markdown(peers: Iterable[Record], table2: Iterable[Record]) -> str:
    """For each data set the two of table 2, then the peers, with the seeds that any peer has."""
    peers = list(peers)
    seeds: dict[str, set[int]] = {}
    for record in peers:
        seeds.setdefault(record["cell"]["data"], set()).add(record["cell"]["seed"])
    ours = (record for record in table2 if record["cell"]["label"] in BESIDE)
    beside = [record for record in ours if record["cell"]["seed"] in seeds.get(record["cell"]["data"], ())]
    labels = [*BESIDE, *yaml.safe_load(GRID.read_text(encoding="utf-8"))["recourse_methods"]]
    ordered = sorted(
        [*beside, *peers],
        key=lambda record: (list(NAMES).index(record["cell"]["data"]), labels.index(record["cell"]["label"])),
    )
    rows = table(ordered).replace({"data": NAMES})
    shown = columns_table(rows, {name: MEASURES[name] for name in SHOWN})
    return "\n\n".join(filter(None, [shown, LEGEND, "\n".join([*_failures(peers), *notes(rows)])]))


def _failures(records: Iterable[Record]) -> list[str]:
    return [
        f"- {NAMES[cell['data']]}, {cell['label']}, seed {cell['seed']}: {record['error']['message']}"
        for record in records
        if "error" in record
        for cell in [record["cell"]]
    ]
