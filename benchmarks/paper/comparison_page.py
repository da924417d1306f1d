"""A comparison with the paper in Markdown: ours beside the paper's, what is far off, what failed or is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from benchmarks.paper.measured_seeds import notes_on_seeds, shown_seeds
from benchmarks.paper.published import LEAK, name_of
from carla_genre.harness.markdown import markdown_table, number, spread
from carla_genre.harness.table import mean_and_spread

Row = Mapping[str, Any]

# A Score that differs from the paper's by more than this is marked.
FAR = 0.15
DIFFERS = "†"
# Head -> column and digits, of what stands in the table only where there is such a figure.
WHERE_THERE_IS = {
    "paper: training s": ("paper training s", 0),
    "constraints held: Score": ("held Score", 2),
    "lost": ("held lost", 0),
}


def page(rows: pd.DataFrame) -> str:
    """Both tables and the notes.

    Parameters
    ----------
    rows : DataFrame
        Of :meth:`benchmarks.paper.comparison.Comparison.compared`.
    """
    parts = [_over_seeds(rows), "\n".join(_notes(rows)), _over_people(rows)]
    return "\n\n".join(filter(None, parts)) + "\n"


def note_on_rows(rows: pd.DataFrame) -> Iterator[str]:
    """That not all of the train rows were taken, as with --quick; nothing where ``train rows`` is empty."""
    if rows["train rows"].notna().any():
        most = ", ".join(f"{count:.0f}" for count in rows["train rows"].dropna().drop_duplicates())
        yield f"At most {most} train rows: not the paper's setting, and nothing to compare with it."


def _over_seeds(rows: pd.DataFrame) -> str:
    empty = pd.Series(dtype=float)
    also = {
        head: column for head, column in WHERE_THERE_IS.items() if rows.get(column[0], empty).notna().any()
    }
    head = ["data", "method", "seeds", "Cost", "Val", "LOF", "Score"]
    head += ["paper: Cost", "paper: Val", "paper: LOF", "paper: Score", "difference"]
    head += ["violations", "failures", "prepare s", "answer s", *also]
    lines = []
    for row in rows.to_dict("records"):
        score = mean_and_spread(row, "Score")
        far = abs(row["difference"]) > FAR
        ours = [*(mean_and_spread(row, name) for name in ("Cost", "Val", "LOF")), score]
        lines.append(
            [
                *_named(row),
                shown_seeds(row),
                *ours[:3],
                f"**{score}**" if far else score,
                *(number(row[f"paper {name}"], 2) for name in ("Cost", "Val", "LOF", "Score")),
                number(row["difference"], 2, "+"),
                number(row["violations"], 0),
                number(1 - row["answered"], 2),
                spread(row["prepare s"], row["prepare s std"], 1),
                spread(row["answer s"], row["answer s std"]),
                *(number(row[column], digits) for column, digits in also.values()),
            ]
        )
    return markdown_table(head, lines)


def _over_people(rows: pd.DataFrame) -> str:
    """Mean ± the deviation over the people, as the paper's tables 10 to 13 have it; what is measured alone."""
    measured = rows[rows["seeds"] != ""]
    if measured.empty:
        return ""
    names = ("Cost", "Val", "LOF")
    lines = [
        [
            *_named(row),
            *(
                figure
                for name in names
                for figure in (
                    mean_and_spread(row, name, over="people std"),
                    spread(row[f"paper {name}"], row[f"paper {name} people std"]),
                )
            ),
        ]
        for row in measured.to_dict("records")
    ]
    head = ["data", "method", *(text for name in names for text in (name, f"paper: {name}"))]
    told = "The same with the standard deviation over the people of a seed, as in the paper's appendix:"
    return f"{told}\n\n{markdown_table(head, lines)}"


def _named(row: Row) -> list[str]:
    mark = f" {DIFFERS}" if row["differs"] else ""
    return [name_of(row["data"]), f"{row['name']}{mark}"]


def _notes(rows: pd.DataFrame) -> Iterator[str]:
    people = ", ".join(str(count) for count in rows["people"].drop_duplicates())
    yield f"Mean ± standard deviation over the seeds; {people} people each. The paper has one seed, of other people."
    yield (
        "violations: answers that break a constraint, the mean over the seeds. failures: share of people without an "
        "answer."
    )
    if "held Score" in rows and rows["held Score"].notna().any():
        yield (
            "constraints held: what may not change is put back, and h asked again; lost: answers that it accepted, and "
            'refuses then. "-": the method holds them by itself.'
        )
    yield "Seconds: of training and of all answers; of one processor thread, or of the clock where a GPU worked."
    yield f"Bold: the Score differs from the paper's by more than {FAR}."
    yield from note_on_rows(rows)
    if "paper training s" in rows:
        yield "The paper's seconds are of other hardware."
    if (rows["data"] == "heloc").any():
        yield LEAK
    told = list(_hyperparameters(rows)) + list(notes_on_seeds(rows))
    if told:
        yield ""
        yield from told


def _hyperparameters(rows: pd.DataFrame) -> Iterator[str]:
    """What differs, once for all methods and data sets that have the same."""
    for differs, same in rows[rows["differs"] != ""].groupby("differs", sort=False):
        names = "; ".join(dict.fromkeys(same["name"]))
        sets = dict.fromkeys(same["data"])
        others = rows[rows["name"].isin(same["name"]) & (rows["differs"] != differs)]
        where = f" ({', '.join(name_of(data) for data in sets)})" if len(others) else ""
        yield f"- {DIFFERS} {names}{where}: {differs}"
