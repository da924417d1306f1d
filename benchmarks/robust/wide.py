"""Tables of a hundred features and more, as CSVs that the protocol reads.

``communities``: Communities and Crime, one hundred features in many more columns, of
:mod:`benchmarks.studies.features.real`.

``chain-120``: rows of the known data of :mod:`benchmarks.studies.features.chain`, judged by the protocol's gold
classifier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.studies.features import chain
from benchmarks.studies.features.real import SETS, TARGET, find_file
from carla_genre.harness.cell import Paths, table_digest

CHAIN = chain.Chain(120)
CHAIN_ROWS, CHAIN_SEED = 6000, 0
WIDE = ("communities", "chain-120")


def write_tables(
    names: Sequence[str], folder: Path, uci: Path | None = None, n_drawn: int = CHAIN_ROWS
) -> dict[str, dict[str, Any]]:
    """Write some of ``WIDE`` into a folder.

    Parameters
    ----------
    names : sequence of str
    folder : Path
        Where the CSVs go; a cell's :class:`Paths` names it.
    uci : Path, optional
        Folder of the real table's file, as :func:`benchmarks.studies.features.real.find_file` takes it.
    n_drawn : int
        Rows of ``chain-120``.

    Returns
    -------
    dict
        Name -> a cell's ``table``.

    Raises
    ------
    InputError
        The real table's file is nowhere.
    """
    tables = {}
    for name in names:
        frame, roles = _communities(uci) if name == "communities" else _chain(n_drawn)
        # Six digits: the text, and so the cell's key, is the same whatever the machine's last bits are.
        frame.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
        entry = {"csv": f"{name}.csv", **roles, "balanced": True}
        tables[name] = {**entry, "digest": table_digest(Paths(tables=str(folder)).own_table(name, entry))}
    return tables


def _communities(uci: Path | None) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    source = SETS["communities"]
    return source.read(find_file("communities", uci)), {
        "target": TARGET,
        "immutables": list(source.immutables),
    }


def _chain(n_drawn: int) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    rows = CHAIN.frame(n_drawn, CHAIN_SEED)
    return rows, {"target": chain.TARGET, "immutables": list(CHAIN.immutables)}
