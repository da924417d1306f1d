"""Today's peers beside GenRe's default: one table, from the records of their grid and of table 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.paper import unpublished
from benchmarks.paper.published import NAMES

Record = Mapping[str, Any]

GRID = Path(__file__).with_name("peers.yaml")
# Of table 2: GenRe, and its choice among the nearest rows.
BESIDE = "GenRe", "NNR+Score"


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
    return unpublished.markdown(ordered)
