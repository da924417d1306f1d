"""Which answer is whose: by label where the labels are the factuals', by position where rows are numbered anew."""

from __future__ import annotations

import numpy as np
import pandas as pd

from carla_genre.errors import InputError


def matched(answers: pd.DataFrame, factuals: pd.Index, owner: str = "the method") -> pd.DataFrame:
    """The answers in the factuals' order and under their labels.

    Answers under the factuals' own labels are matched by label, in whatever order; several answers a factual repeat
    its label. Answers numbered 0, 1, 2, ... of factuals that have other labels are matched by position, as CARLA's
    methods of the released package number theirs; several answers a factual lie next to each other.

    Parameters
    ----------
    answers : DataFrame (B * n, any)
    factuals : Index (B,)
    owner : str
        Whose answers they are, for the errors.

    Raises
    ------
    InputError
        There are not equally many for each factual, the labels are others, or the factuals have the labels
        0 to B - 1 in another order, so that the answers 0, 1, 2, ... may be meant either way.
    """
    each, left = divmod(len(answers), max(len(factuals), 1))
    if left or (len(factuals) and not each):
        raise InputError(
            f"{owner} gave {len(answers)} answers to {len(factuals)} factuals: one row a factual is wanted, of NaN "
            "where there is no answer"
        )
    index, own = answers.index, factuals.repeat(each)
    if index.equals(own):
        return answers
    place = factuals.get_indexer(index) if factuals.is_unique else np.full(len(index), -1)
    same_labels = (place >= 0).all() and (np.bincount(place, minlength=len(factuals)) == each).all()
    numbered = index.equals(pd.RangeIndex(len(index)))
    if same_labels == numbered:
        reason = (
            "the factuals have these labels in another order"
            if numbered
            else "the labels are not the factuals'"
        )
        raise InputError(
            f"whose the answers of {owner} are cannot be told: {reason}. Give answers that are in the factuals' order "
            "their index (answers.set_axis(factuals.index)), others their labels in the factuals' order "
            "(answers.loc[factuals.index])"
        )
    return (answers.iloc[np.argsort(place, kind="stable")] if same_labels else answers).set_axis(own)
