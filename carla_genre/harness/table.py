"""Mean and standard deviation over seeds, from records: as a frame, Markdown and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from carla_genre.harness.record import write_whole

Record = Mapping[str, Any]

# Column -> digits shown. All but the last two are the judge's.
MEASURES = {
    "Cost": 2,
    "Val": 2,
    "LOF": 2,
    "Score": 2,
    "answered": 2,
    "violations": 1,
    "lost": 1,
    "prepare s": 1,
    "answer s": 2,
}
BY_ITSELF, AS_ANSWERED, HELD = "by itself", "not held", "held"

LEGEND = """\
Mean and standard deviation over seeds. Cost: mean L1 in the scaled space over the answered. Val: share of all
people whose answer the gold classifier accepts. LOF: share of all whose answer is an inlier of the rows that it
accepts. Score = Val + LOF - Cost / d. violations: answers that break a constraint. constraints: the method keeps them
by itself; or "not held", its answers as they are, and "held", the same with what may not change put back and h asked
again, which loses some answers (lost). Seconds: wall time of training and of all answers, each cell on one processor
thread."""


def table(records: Iterable[Record]) -> pd.DataFrame:
    """One row for each data set and method, two for a method that does not keep the constraints by itself.

    Parameters
    ----------
    records : iterable of dict
        Of :func:`carla_genre.harness.run_grid`, in any order; the rows are in the order of first sight.

    Returns
    -------
    DataFrame
        ``data``, ``method``, ``constraints``, ``seeds`` (measured), ``failed``; for each of ``MEASURES`` a column of
        means and one of standard deviations (``"Cost std"``; ddof 1, NaN for one seed), both over the seeds where
        the figure is defined.
    """
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        cell = record["cell"]
        groups.setdefault((cell["data"], cell["label"]), []).append(record)
    rows = []
    for (data, label), group in groups.items():
        measured = [record for record in group if "error" not in record]
        start = {"data": data, "method": label, "seeds": len(measured), "failed": len(group) - len(measured)}
        for constraints in _variants(measured):
            figures = pd.DataFrame(
                [_figures(record, constraints) for record in measured], columns=list(MEASURES), dtype=float
            )
            means, deviations = figures.mean(), figures.std()
            parts = {
                name: value
                for measure in MEASURES
                for name, value in ((measure, means[measure]), (f"{measure} std", deviations[measure]))
            }
            rows.append({**start, "constraints": constraints, **parts})
    columns = ["data", "method", "constraints", "seeds", "failed"]
    return pd.DataFrame(rows, columns=[*columns, *(c for m in MEASURES for c in (m, f"{m} std"))])


def _variants(measured: list[Record]) -> list[str]:
    return [AS_ANSWERED, HELD] if any("constrained" in record for record in measured) else [BY_ITSELF]


def _figures(record: Record, constraints: str) -> dict[str, float | None]:
    part = record["constrained"] if constraints == HELD else record
    scores, seconds = part["scores"], record["seconds"]
    return {
        "Cost": scores["cost"],
        "Val": scores["val"],
        "LOF": scores["lof"],
        "Score": scores["score"],
        "answered": scores["answered"],
        "violations": scores["violations"]["rows"],
        "lost": part["report"]["lost"] if constraints == HELD else None,
        "prepare s": seconds["prepare"],
        "answer s": seconds["answer"],
    }


def markdown(rows: pd.DataFrame) -> str:
    """A table of :func:`table` in Markdown, ``mean ± std``, with a line of what failed below."""
    head = ["data", "method", "constraints", "seeds", *MEASURES]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows.to_dict("records"):
        cells = [row["data"], row["method"], row["constraints"], str(row["seeds"])]
        cells += [_shown(row[name], row[f"{name} std"], digits) for name, digits in MEASURES.items()]
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    failed = rows.drop_duplicates(["data", "method"]).query("failed > 0")
    reasons = [f"{row.data}, {row.method}: {row.failed} failed" for row in failed.itertuples()]
    return (
        "\n".join([*lines, "", LEGEND, *([""] if reasons else []), *(f"- {line}" for line in reasons)]) + "\n"
    )


def _shown(mean: float, deviation: float, digits: int) -> str:
    if pd.isna(mean):
        return "-"
    return f"{mean:.{digits}f}" + ("" if pd.isna(deviation) else f" ± {deviation:.{digits}f}")


def write_tables(rows: pd.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write ``table.md`` and ``table.csv`` (all digits) into a folder of records."""
    pages = folder / "table.md", folder / "table.csv"
    write_whole(pages[0], markdown(rows))
    write_whole(pages[1], rows.to_csv(index=False))
    return pages
