"""Why somebody has no option: the classifier fails on the row, or constraints, found by leaving out one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from carla_genre.constraints import Constraint, Limits
from carla_genre.errors import InputError
from carla_genre.methods.genre.method import GenRe
from carla_genre.recourse.asking import Asked, ask
from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.decision import TABLE_ROWS, Decision

UNSURE = "no option is certain enough for the stated risk"
ROUNDED = "the classifier refuses every option as the row that would be sent"
# If the classifier fails on each of so many people, it may fail on whatever it is asked.
PROBED = 32


class Question(NamedTuple):
    """People (B, any) without an option, encoded (B, D), and who is asked about them.

    ``accepted`` (A, D) are the rows learned from that the classifier accepts, encoded.
    """

    genre: GenRe
    codec: TableCodec
    people: pd.DataFrame
    values: np.ndarray
    accepted: np.ndarray


def reasons_of(
    question: Question,
    asked: Asked,
    nobody: np.ndarray,
    constraints: Sequence[Constraint],
    limits_of: Callable[[pd.DataFrame, np.ndarray, Sequence[Constraint]], Limits],
    decision: Decision,
) -> list[str]:
    """A sentence for each of the people ``nobody`` of those who were ``asked`` about."""
    reasons = np.full(len(nobody), "", dtype=object)
    had = asked.accepted[nobody] > 0
    reasons[had] = np.where(np.isfinite(asked.options.score[nobody[had]]).any(axis=1), ROUNDED, UNSURE)
    open_ = np.flatnonzero(~had)
    if not len(open_):
        return reasons.tolist()
    blamed: list[list[str]] = [[] for _ in open_]
    for left_out, constraint in enumerate(constraints):
        rest = [*constraints[:left_out], *constraints[left_out + 1 :]]
        for other in np.flatnonzero(_accepted(question, open_, limits_of, rest)):
            blamed[other].append(repr(constraint))
    together = np.zeros(len(open_), bool)
    left = np.array([not names for names in blamed])
    if len(constraints) > 1 and left.any():
        together[left] = _accepted(question, open_[left], limits_of, [])
    for place, person in enumerate(open_.tolist()):
        n = asked.drawn[nobody[person]]
        if blamed[place]:
            without = ", or ".join(f"without {name}" for name in blamed[place])
            reasons[person] = f"no accepted candidate keeps every constraint; {without} there is one"
        elif together[place]:
            held = ", ".join(map(repr, constraints))
            reasons[person] = f"no accepted candidate keeps {held} together; with none of them there is one"
        elif not asked.kept[nobody[person]]:
            reasons[person] = f"none of {n} candidates is a change that the constraints allow"
        else:
            limits = limits_of(question.people.iloc[[person]], question.values[[person]], constraints)
            reasons[person] = _unlike(limits, question.accepted) + _refused(
                decision, n, asked.most[nobody[person]]
            )
    return reasons.tolist()


def check_both_sides(decision: Decision, labels: np.ndarray, h: np.ndarray) -> None:
    """See that rows of the desired outcome (labels 1) are accepted, and that others are refused, by h (n,).

    Raises
    ------
    InputError
        There is nobody to learn from.
    """
    most = h[labels == 1].max()
    if most <= 0.5:
        said = _refused(decision, int((labels == 1).sum()), most).replace("candidates", "rows")
        way_out = (
            "has desired= the unit of the predictions?" if decision.regression else "threshold= says another"
        )
        raise InputError(f"nobody of the desired outcome is accepted in table: {said}; {way_out}")
    if h[labels == 0].min() > 0.5:
        raise InputError(
            f"nobody is refused in table: the classifier accepts all {int((labels == 0).sum())} rows of another "
            "outcome, too, so there is nothing to learn from; give rows that it refuses, or a higher threshold="
        )


def _unlike(limits: Limits, accepted: np.ndarray) -> str:
    """Says so where one person can become none of the accepted rows (A, D)."""
    if limits.allow(accepted[None]).any():
        return ""
    return (
        f"no accepted row is like this person: none of {len(accepted)} learned from keeps the constraints; "
    )


def _refused(decision: Decision, n: int, most: float) -> str:
    """How far the classifier is from accepting one of n candidates, of which the surest has h ``most``."""
    if decision.regression:
        low, high = decision.desired
        return f"of {n} candidates none has a prediction from {low:g} to {high:g}"
    wanted = decision.threshold
    said = f"{2 * wanted * most:.3g}, not above {wanted:g}"
    return f"the classifier accepts none of {n} candidates: it says at most {said}"


def _accepted(
    question: Question,
    people: np.ndarray,
    limits_of: Callable[[pd.DataFrame, np.ndarray, Sequence[Constraint]], Limits],
    constraints: Sequence[Constraint],
) -> np.ndarray:
    """For which people there is an accepted candidate under other constraints, bool."""
    limits = limits_of(question.people.iloc[people], question.values[people], constraints)
    return ask(question.genre, question.codec, limits, 1).accepted > 0


def ask_people(
    decision: Decision, rows: pd.DataFrame, dtypes: Mapping[str, Any], control: Callable[[], pd.DataFrame]
) -> tuple[np.ndarray, np.ndarray]:
    """What the classifier says of people (B, D), whose ``dtypes`` should be the table's.

    Parameters
    ----------
    control : callable
        Gives a row (1, D) that has the table's cells and the people's dtypes. Where the classifier fails on everybody
        and not on this row, it is their cells that it cannot take.

    Returns
    -------
    said : ndarray (B,)
        NaN where it fails on a row.
    reasons : ndarray (B,) of str
        How it fails there, "" for the others.

    Raises
    ------
    InputError
        It fails on everybody, and on the control, or their dtypes are others than the table's; or it reads their
        categories otherwise than the table's.
    """
    other = {name: dtype for name, dtype in dtypes.items() if _apart(rows[name].dtype, dtype)}
    try:
        said, reasons = _ask_each(decision, rows, None if other else control)
    except InputError as error:
        if not other:
            raise
        raise InputError(f"{error}. {_differences(rows, other)}") from error
    known = reasons == ""
    categories = {name: dtype for name, dtype in other.items() if isinstance(dtype, pd.CategoricalDtype)}
    spelled = {
        name: pd.Categorical(rows[name].astype(object), dtype=dtype) for name, dtype in categories.items()
    }
    if spelled and not np.allclose(
        said[known], decision.ask(rows.assign(**spelled)[known]), rtol=0, atol=1e-6, equal_nan=True
    ):
        raise InputError(
            f"the classifier says otherwise of the people than of the same cells as the table has them. "
            f"{_differences(rows, categories)}"
        )
    return said, reasons


def _ask_each(
    decision: Decision, rows: pd.DataFrame, control: Callable[[], pd.DataFrame] | None
) -> tuple[np.ndarray, np.ndarray]:
    """What is said of rows (B, D), and a reason where that fails; the error where it fails on all and the control."""
    said, reasons = np.full(len(rows), np.nan), np.full(len(rows), "", dtype=object)

    def ask(places: np.ndarray) -> None:
        try:
            said[places] = decision.ask(rows.iloc[places])
        except InputError as error:
            if len(places) == 1:
                reasons[places] = str(error).replace(TABLE_ROWS, "this row").splitlines()[0]
            else:
                for half in np.array_split(places, 2):
                    ask(half)

    try:
        said[:] = decision.ask(rows)
    except InputError:
        probed = np.unique(np.linspace(0, len(rows) - 1, PROBED, dtype=int))
        for place in probed:
            ask(np.array([place]))
        if (reasons[probed] != "").all():
            if control is None:
                raise
            decision.ask(control())
        ask(np.setdiff1d(np.arange(len(rows)), probed))
    return said, reasons


def _apart(one: Any, other: Any) -> bool:
    """Whether dtypes differ; pandas takes the order of categories, and with it their codes, for of no account."""
    both = isinstance(one, pd.CategoricalDtype) and isinstance(other, pd.CategoricalDtype)
    return bool(one != other) or (both and one.categories.tolist() != other.categories.tolist())


def _differences(rows: pd.DataFrame, other: dict[str, object]) -> str:
    """Which dtypes differ, and what to do."""
    shown = [
        f"{name!r} is {_said(rows[name].dtype)}, the table's {_said(dtype)}" for name, dtype in other.items()
    ]
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
    return (
        f"Their columns have other dtypes than the table's: {'; '.join(shown[:5])}{more}. Make them the same, "
        "people.astype(table.dtypes[[...]])"
    )


def _said(dtype: object) -> str:
    if isinstance(dtype, pd.CategoricalDtype):
        return f"category of {dtype.categories.tolist()[:6]}"
    return str(dtype)
