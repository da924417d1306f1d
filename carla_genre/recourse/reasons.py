"""Why somebody has no option: which constraint leaves none, found by leaving them out one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from carla_genre.constraints import Constraint, Limits
from carla_genre.errors import InputError
from carla_genre.methods.genre.method import GenRe
from carla_genre.recourse.asking import Asked, ask
from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.decision import Decision

UNSURE = "no option is certain enough for the stated risk"
ROUNDED = "the classifier refuses every option as the row that would be sent"


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
