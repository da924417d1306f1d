"""Mean and standard deviation over seeds, from records: as a frame, Markdown and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from carla_genre.errors import InputError
from carla_genre.evaluation.measures import FIGURES, Figure
from carla_genre.harness.cell import conditions
from carla_genre.harness.code import codes_of, mark_of, notes_on_code
from carla_genre.harness.markdown import markdown_table, of_seeds, some_of, spread
from carla_genre.harness.record import flat
from carla_genre.io import write_text
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER

Record = Mapping[str, Any]


class Column(NamedTuple):
    """A figure of the tables: its key in a record's ``scores``, its name in ``evaluation.FIGURES``, and digits.

    The key is empty for what stands elsewhere in a record. What is no measure has its definition for a name.
    """

    key: str
    figure: str
    digits: int

    @property
    def means(self) -> Figure:
        """What it is, and which way is better."""
        return (
            FIGURES[self.figure]
            if self.figure in FIGURES
            else Figure(None, self.figure, "lower", failures="count")
        )


# The first table's; "lost" and the seconds are the harness's own, the rest the judge's.
MAIN: Mapping[str, Column] = {
    "Cost": Column("cost", "Cost", 2),
    "Val": Column("val", "Val", 2),
    "LOF": Column("lof", "LOF", 2),
    "Score": Column("score", "Score", 2),
    "answered": Column("answered", "Answered", 2),
    "violations": Column("", "Rows_Violations", 1),
    "lost": Column("", "answers lost by putting back what may not change", 1),
    "prepare s": Column("", "seconds of training, of the processor, or of the clock where a GPU works", 1),
    "answer s": Column("", "seconds of all answers, of the same", 2),
}
# The second one's.
FURTHER: Mapping[str, Column] = {
    "soft Val": Column("soft_val", "Soft_Val", 2),
    "validity": Column("validity", "Validity", 2),
    "future validity, rows": Column("future_validity_rows", "Future_Validity", 2),
    "future validity, weights": Column("future_validity_weights", "Future_Validity", 2),
    "invalidation": Column("invalidation_rate", "Invalidation_Rate", 2),
    "log p accepted": Column("log_likelihood_accepted", "Log_Likelihood_Accepted", 2),
    "log p denied": Column("log_likelihood_denied", "Log_Likelihood_Denied", 2),
    "changed": Column("changed_features", "Changed_Features", 1),
    "diversity": Column("diversity", "Diversity", 2),
    "copies": Column("copies", "Copies", 2),
    "rare copies": Column("rare_copies", "Rare_Copies", 2),
    "closest": Column("closest_distance", "Closest_Distance", 3),
    "closest, ratio": Column("closest_distance_ratio", "Closest_Distance_Ratio", 2),
    "L0": Column("distance_1", "Distance_1", 1),
    "L1": Column("distance_2", "Distance_2", 2),
    "L2 squared": Column("distance_3", "Distance_3", 2),
    "L infinity": Column("distance_4", "Distance_4", 2),
    "immutables changed": Column("constraint_violation", "Constraint_Violation", 2),
    "redundancy": Column("redundancy", "Redundancy", 2),
    "y-NN": Column("y-nearest-neighbours", "y-Nearest-Neighbours", 2),
}
MEASURES: Mapping[str, Column] = {**MAIN, **FURTHER}
PAGES = "table.md", "table.csv"
BY_ITSELF, AS_ANSWERED, HELD = "by itself", "not held", "held"

LEGEND = """\
Mean and standard deviation over seeds. Cost: mean L1 in the scaled space over the answered. Val: share of all
people whose answer the gold classifier accepts. LOF: share of all whose answer is an inlier of the rows that it
accepts. Score = Val + LOF - Cost / d. violations: answers that break a constraint. constraints: the method holds them
by itself; or "not held", its answers as they are, and "held", the same with the constraints restored and h queried
again, which loses some answers (lost). Seconds: of training, and of all answers, on one processor thread; of the
processor where there is no GPU, since other cells run beside, else of the clock."""

# Of the column "constraints", where LEGEND does not stand.
VARIANTS_LEGEND = """\
not held: the answers as they are. held: the same with what may not change put back, and h asked again; what it refuses
then is no answer."""

FURTHER_LEGEND = """\
validity: h accepts. future validity: so does h trained again, on rows drawn with replacement, and from other initial
weights. invalidation: share of noisy copies of an answer that h refuses. log p: log-density of the accepted and of the
denied training rows at the answer. changed: features. diversity: mean cost between two of a person's candidates.
copies: equal to a training row; rare: to fewer than five. closest: distance to the closest training row; ratio: over
that of held-out rows. L0 to y-NN: CARLA's own measures. All but the validities are of the answered."""


def table(records: Iterable[Record]) -> pd.DataFrame:
    """One row for each data set, classifier and method, two for a method that does not keep the constraints by itself.

    Parameters
    ----------
    records : iterable of dict
        Of :func:`carla_genre.harness.run_grid`, in any order; the rows are in the order of first sight.

    Returns
    -------
    DataFrame
        ``data`` (with flipped labels and the gold classifier, where they are not the paper's: then the people are other
        ones), ``method``, ``constraints``, ``seeds`` (measured), ``failed``, ``code`` (as
        :func:`carla_genre.harness.code.codes_of` has it); for each of ``MEASURES`` what :func:`over_seeds` has. With a
        ``classifier`` after ``data`` where a record has another than the paper's.

    Raises
    ------
    InputError
        A method has two records of a seed, which are of two configurations.
    """
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        cell = record["cell"]
        data = ", ".join([cell["data"], *conditions(cell)])
        names = data, cell.get("classifier", PAPER_CLASSIFIER), cell["label"]
        groups.setdefault(names, []).append(record)
    for names, group in groups.items():
        _check_seeds(", ".join(names), group)
    others = any(classifier != PAPER_CLASSIFIER for _, classifier, _ in groups)
    rows = []
    for (data, classifier, label), group in groups.items():
        measured = [record for record in group if "error" not in record]
        start = {
            "data": data,
            "classifier": classifier,
            "method": label,
            "seeds": len(measured),
            "failed": len(group) - len(measured),
            "code": codes_of(measured),
        }
        for constraints in _variants(measured):
            figures = pd.DataFrame(
                [_figures(record, constraints) for record in measured], columns=list(MEASURES), dtype=float
            )
            rows.append({**start, "constraints": constraints, **over_seeds(figures)})
    problem = ["data", "classifier"] if others else ["data"]
    columns = [*problem, "method", "constraints", "seeds", "failed", "code"]
    return pd.DataFrame(rows, columns=[*columns, *columns_of(MEASURES)])


def over_seeds(figures: pd.DataFrame) -> dict[str, Any]:
    """For each column of figures, a row a seed, what :func:`columns_of` names.

    The mean and the standard deviation (ddof 1, NaN for one seed) are those of the seeds that have the figure: where
    nobody was answered there is no Cost, and what an older record lacks was not measured yet. ``"Cost seeds"``
    says so: "4 of 5 seeds", empty where all have it.
    """
    some = {f"{name} seeds": some_of(figures[name]) for name in figures}
    return {**figures.mean(), **figures.std().add_suffix(" std"), **some}


def columns_of(measures: Iterable[str]) -> list[str]:
    """The columns of some measures in :func:`table`: ``Cost``, ``Cost std``, ``Cost seeds``."""
    return [f"{name}{part}" for name in measures for part in ("", " std", " seeds")]


def _check_seeds(name: str, group: Sequence[Record]) -> None:
    """Raise InputError where a seed is there twice: a mean of two configurations is of neither."""
    seen: dict[int, dict[str, Any]] = {}
    for record in group:
        cell = flat(record["cell"])
        other = seen.setdefault(cell["seed"], cell)
        if other is not cell:
            differs = [one for one in {**other, **cell} if other.get(one) != cell.get(one)]
            raise InputError(
                f"{name}: two records are of seed {cell['seed']}"
                + (f", of different {', '.join(differs)}" if differs else "")
                + ": a table's row is of one configuration, give the records of one"
            )


def check_measured(record: Record) -> None:
    """Raise InputError where a record, if it is not of a failure, lacks what a table takes of it."""
    if "error" in record:
        return
    try:
        codes_of([record])
        for constraints in _variants([record]):
            [float(figure) for figure in _figures(record, constraints).values() if figure is not None]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else f"a part is of another type: {error}"
        raise InputError(what) from error


def _variants(measured: list[Record]) -> list[str]:
    """Rows of a method; one that only failed has one, of which nothing is known."""
    if not measured:
        return [""]
    return [AS_ANSWERED, HELD] if any("constrained" in record for record in measured) else [BY_ITSELF]


def _figures(record: Record, constraints: str) -> dict[str, float | None]:
    # A seed that holds them by itself, beside others that do not, is the same after holding them.
    held = record.get("constrained", {**record, "report": {"lost": 0}})
    part = held if constraints == HELD else record
    scores, seconds = part["scores"], seconds_of(record)
    return {
        **{name: scores.get(column.key) for name, column in MEASURES.items()},
        "violations": scores["violations"]["rows"],
        "lost": part["report"]["lost"] if constraints == HELD else None,
        "prepare s": seconds["prepare"],
        "answer s": seconds["answer"],
    }


def seconds_of(record: Record) -> Mapping[str, float]:
    """Seconds of ``prepare`` and ``answer``: of the processor, or of the clock where a GPU worked."""
    gpu = record["environment"]["hardware"]["gpu"] is not None
    seconds: Mapping[str, float] = record["seconds" if gpu else "cpu_seconds"]
    return seconds


def markdown(rows: pd.DataFrame) -> str:
    """A table of :func:`table` in Markdown, ``mean ± std``: main measures, further ones, what failed, mixed code."""
    names = _names(rows)
    failed = rows.drop_duplicates(names).query("failed > 0")
    reasons = [
        f"- {', '.join(row[name] for name in names)}: {row['failed']} failed"
        for row in failed.to_dict("records")
    ]
    foot = "\n".join([*reasons, *notes(rows)])
    parts = [columns_table(rows, MAIN), LEGEND, columns_table(rows, FURTHER), FURTHER_LEGEND, foot]
    return "\n\n".join(filter(None, parts)) + "\n"


def columns_table(rows: pd.DataFrame, columns: Mapping[str, Column]) -> str:
    """Some columns of :func:`table` in Markdown, ``mean ± std``; a row of several codes is marked.

    A column besides the main ones that no record has is left out.
    """
    columns = {name: one for name, one in columns.items() if name in MAIN or rows[name].notna().any()}
    names = [*_names(rows), "constraints", "seeds"]
    lines = [
        [
            *(str(row[name]) for name in names[:-1]),
            f"{row['seeds']}{mark_of(row['code'])}",
            *(mean_and_spread(row, name, column.digits) for name, column in columns.items()),
        ]
        for row in rows.to_dict("records")
    ]
    return markdown_table([*names, *columns], lines)


def mean_and_spread(row: Mapping[str, Any], name: str, digits: int = 2, over: str = "std") -> str:
    """``mean ± std`` of a row with :func:`columns_of` a measure; behind it the seeds that it is of, where not of all.

    ``over`` names the column of another deviation.
    """
    return of_seeds(spread(row[name], row[f"{name} {over}"], digits), row[f"{name} seeds"])


def notes(rows: pd.DataFrame) -> list[str]:
    """The lines of :func:`carla_genre.harness.code.notes_on_code` on the rows of :func:`table`."""
    problem = rows["data"] if "classifier" not in rows else rows["data"] + ", " + rows["classifier"]
    return notes_on_code(zip(problem, rows["method"], rows["code"], strict=True))


def _names(rows: pd.DataFrame) -> list[str]:
    return [name for name in ("data", "classifier", "method") if name in rows]


def write_tables(rows: pd.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write ``table.md`` and ``table.csv`` (all digits) into a folder of records."""
    pages = folder / PAGES[0], folder / PAGES[1]
    write_text(pages[0], markdown(rows))
    write_text(pages[1], rows.to_csv(index=False))
    return pages
