"""``python -m carla_genre.carla_compat [FILE]``: the table of repairs, printed, or put in place in a Markdown file."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from carla_genre.carla_compat import registry

BEGIN, END = "<!-- repairs: begin -->", "<!-- repairs: end -->"


def table() -> str:
    """Every repair as a row of a Markdown table: its name, what breaks and what is done, and where."""
    importlib.import_module("carla_genre.carla_compat.repairs")
    rows = ["| repair | what breaks, and what is done | where |", "|---|---|---|"]
    for entry in registry.repairs():
        where = ", ".join(f"`{name}`" for name in entry.modules)
        rows.append(f"| `{entry.name}` | {entry.summary.replace('|', chr(92) + '|')} | {where} |")
    return "\n".join(rows)


def with_table(text: str) -> str:
    """`text` with what lies between the two marks replaced by the table."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main(arguments: list[str]) -> None:
    if not arguments:
        print(table())
    for name in arguments:
        path = Path(name)
        path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
