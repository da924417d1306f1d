"""The table of what fails of CARLA's own tests, for docs/carla_compat.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from carla_genre.harness.markdown import markdown_table


def markdown(record: Mapping[str, Any]) -> str:
    """The tests that fail, grouped by what was raised."""
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, test in record["tests"].items():
        if test["outcome"] == "failed":
            function, _, case = name.partition("[")
            groups[test["reason"].partition(". ")[0].partition(" (<")[0]][function].append(case.rstrip("]"))
    rows = []
    for reason, functions in sorted(groups.items(), key=lambda group: -sum(map(len, group[1].values()))):
        shown = (f"`{name}`" + _cases(cases) for name, cases in functions.items())
        rows.append((str(sum(map(len, functions.values()))), ", ".join(shown), f"`{reason}`"))
    return markdown_table(("fail", "tests", "what is raised"), rows)


def _cases(cases: Sequence[str]) -> str:
    named = [case for case in cases if case]
    return f" ({', '.join(named)})" if named else ""
