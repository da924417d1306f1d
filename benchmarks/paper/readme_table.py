"""The README's table of Scores, from a record of benchmarks/results.

python -m benchmarks.paper.readme_table benchmarks/results/score_seed42_cpu.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.paper.score import table

NAMES = {"adult": "Adult", "compas": "COMPAS", "heloc": "HELOC"}
HEAD = "| data | method | Cost | Val | LOF | Score | paper | training, s | 200 answers, s | violations |"


def markdown(record: Path) -> str:
    """All rows of a record as a Markdown table."""
    rows = table(json.loads(record.read_text())["settings"])
    lines = [HEAD, "|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows.to_dict("records"):
        trains = row["method"].startswith("GenRe")
        cells = [
            NAMES[row["data"]],
            row["method"],
            *(f"{row[name]:.2f}" for name in ("Cost", "Val", "LOF", "Score", "paper")),
            f"{row['prepare s']:.0f}" if trains else "-",
            f"{row['answer s']:.2f}",
            str(row["violations"]),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown(Path(sys.argv[1])))
