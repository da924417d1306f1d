"""Run the code cells of one notebook of CARLA's documentation: ``notebooks.py NOTEBOOK RECORD``, a process for each.

`carla_genre` is imported first. A cell that fails is recorded, and the next one is tried all the same. Nothing of the
notebook itself is recorded but the numbers of its cells.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from carla_genre import carla_compat


def run(notebook: Path) -> dict[str, Any]:
    """How each code cell has ended: the cell's number to "passed" or to the error's first line.

    Where a cell has made `counterfactuals`, `answered` of those `asked` hold an answer.
    """
    names: dict[str, Any] = {"__name__": "__main__", "display": lambda *things: None}
    outcomes: dict[str, str] = {}
    answers: dict[str, int] = {}
    start = time.monotonic()
    for number, cell in enumerate(json.loads(notebook.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] != "code":
            continue
        lines = "".join(cell["source"]).splitlines()
        code = "\n".join(line for line in lines if not line.startswith("%"))  # IPython's own commands
        try:
            exec(compile(code, f"{notebook.name}[{number}]", "exec"), names)
            outcomes[str(number)] = "passed"
        except Exception as error:
            outcomes[str(number)] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        if not answers and "counterfactuals" in names:
            full = names["counterfactuals"].notna().all(axis=1)
            answers = {"asked": len(full), "answered": int(full.sum())}
    seconds = round(time.monotonic() - start, 1)
    return {"cells": outcomes, **answers, "seconds": seconds}


if __name__ == "__main__":
    record = run(Path(sys.argv[1]))
    report = carla_compat.report()
    record["carla"] = f"{report.version} ({report.api})"
    Path(sys.argv[2]).write_text(json.dumps(record))
