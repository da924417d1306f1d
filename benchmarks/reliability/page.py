"""The tables of docs/reliability.md, from the records of the four commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.reliability.tables_check import FAULTS
from carla_genre.errors import InputError
from carla_genre.harness.markdown import markdown_table

Record = Mapping[str, Any]


def markdown(records: Mapping[str, Record], part: str) -> str:
    """The table of one command.

    Parameters
    ----------
    records : mapping
        Name of a file, without its ending, -> record.
    part : {"fuzz", "kill", "stress", "tables"}
        Of the command.

    Raises
    ------
    InputError
        There is no such table.
    """
    of_part = {name: record for name, record in records.items() if name.split("_")[0] == part}
    if part not in _TABLES:
        raise InputError(f"there is no table {part!r} of reliability, only {', '.join(_TABLES)}")
    if not of_part:
        return "Not measured yet."
    return f"{_TABLES[part](of_part)}\n\n{_circumstances(of_part)}"


def _fuzz(records: Mapping[str, Record]) -> str:
    rows = {record["settings"]["surface"]: record["figures"] for record in records.values()}
    outcomes = list(dict.fromkeys(name for row in rows.values() for name in sorted(row["outcomes"])))
    lines = [
        [name, *_numbers(row["cases"], *(row["outcomes"].get(outcome, 0) for outcome in outcomes))]
        for name, row in rows.items()
    ]
    totals = [sum(row["outcomes"].get(outcome, 0) for row in rows.values()) for outcome in outcomes]
    lines.append(["all", *_numbers(sum(row["cases"] for row in rows.values()), *totals)])
    return markdown_table(["what is odd", "cases", *outcomes], lines)


def _kill(records: Mapping[str, Record]) -> str:
    head = [
        "work",
        "ended by SIGKILL",
        "by SIGINT",
        "started again, the same result",
        "files left",
        "s, alone",
    ]
    lines = []
    for record in records.values():
        row = record["figures"]
        ended = [row["ended"].get(how, 0) for how in ("SIGKILL", "SIGINT")]
        same = f"{row['equal']} of {row['times']}"
        left = ", ".join(f"`{path}` ({times})" for path, times in row["left"].items()) or "none"
        lines.append(
            [f"`{record['settings']['work']}`", *_numbers(*ended), same, left, f"{row['seconds_alone']:g}"]
        )
    return markdown_table(head, lines)


def _stress(records: Mapping[str, Record]) -> str:
    shown = [_WAYS[name.partition("_")[2]](record["figures"]) for name, record in records.items()]
    return markdown_table(["what", "the same answer", "s", "memory, MB"], shown)


def _random_tables(records: Mapping[str, Record]) -> str:
    """What was asked, what was wrong, and how many answers each kind of constraint had."""
    counts: Counter[str] = Counter()
    for record in records.values():
        counts.update({name: n for name, n in record["figures"].items() if name != "seconds"})
    asked = ["worlds", "questions", "people", "answers", "changed cells", "without an option"]
    parts = [
        markdown_table(["", "number"], [[name, *_numbers(counts[name])] for name in (*asked, *FAULTS)]),
        *(
            markdown_table([title, number], [[name, *_numbers(n)] for name, n in _below(counts, start)])
            for title, number, start in (
                ("constraint", "answers under it", "answers under "),
                ("classifier", "worlds", "with "),
            )
        ),
    ]
    return "\n\n".join(parts)


def _below(counts: Mapping[str, int], start: str) -> list[tuple[str, int]]:
    return sorted((name.removeprefix(start), n) for name, n in counts.items() if name.startswith(start))


def _callers(who: str) -> Callable[[Mapping[str, Any]], Sequence[str]]:
    return lambda row: (
        f"{row['callers']} {who} at once",
        f"{row['equal']} of {row['callers']}",
        f"{row['seconds']:g}",
        "-",
    )


def _calls(rule: str) -> Callable[[Mapping[str, Any]], Sequence[str]]:
    return lambda row: (
        f"{row['calls']:,} calls of one row, {rule}",
        f"{row['equal']:,} of {row['calls']:,}",
        f"{row['seconds']:,.0f}",
        f"{row['mb_after_a_tenth']:g} after a tenth of them, {row['mb_after_all']:g} after all",
    )


def _rows(row: Mapping[str, Any]) -> Sequence[str]:
    return (
        f"{row['rows']:,} rows in one call, the default rule",
        f"{row['equal_in_pieces']:,} of {row['pieces']:,} in pieces, {row['equal_alone']} of {row['alone']} alone",
        f"{row['seconds']:,.0f}",
        f"{row['added_mb']:g} added; the two frames have {row['frames_mb']:g}",
    )


def _numbers(*values: int) -> list[str]:
    return [f"{value:,}" for value in values]


def _circumstances(records: Mapping[str, Record]) -> str:
    environments = [record["environment"] for record in records.values()]
    machines = sorted(
        {f"{one['hardware']['cores']} cores of {one['hardware']['processor']}" for one in environments}
    )
    commits = sorted({str(one["commit"])[:7] for one in environments})
    return f"{', '.join(machines)}, shared with other work; commit {', '.join(commits)}."


_WAYS: Mapping[str, Callable[[Mapping[str, Any]], Sequence[str]]] = {
    "threads": _callers("threads"),
    "processes": _callers("processes"),
    "calls": _calls("the paper's rule"),
    "default": _calls("the default rule"),
    "rows": _rows,
}
_TABLES: Mapping[str, Callable[[Mapping[str, Record]], str]] = {
    "fuzz": _fuzz,
    "kill": _kill,
    "stress": _stress,
    "tables": _random_tables,
}
