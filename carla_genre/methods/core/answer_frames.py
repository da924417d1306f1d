"""Answers as frames: cells that are the factual's own keep their bits and dtypes, failures are rows of NaN."""

from __future__ import annotations

import numpy as np
import pandas as pd


def keep_unchanged_cells(
    answers: pd.DataFrame, factuals: pd.DataFrame, exactly: bool = False
) -> pd.DataFrame:
    """Copy the factual's own cell, with its last bits and its dtype, wherever the answer has the same.

    CARLA's networks compute in 32 bits. A feature that they leave alone comes back rounded, .3 as .30000001.

    Parameters
    ----------
    answers : DataFrame (B, C)
        NaN is equal to nothing.
    factuals : DataFrame (B, any)
        The same rows in the same order, with all columns of the answers.
    exactly : bool
        Else what is the same in single precision counts as unchanged.

    Returns
    -------
    DataFrame (B, C)
        A new frame under the answers' index.
    """
    columns = {}
    for column in answers.columns:
        theirs, own = answers[column].to_numpy(), factuals[column].to_numpy()
        same = theirs == own if exactly else _single(theirs) == _single(own)
        columns[column] = own if same.all() else np.where(same, own, theirs)
    return pd.DataFrame(columns, index=answers.index, columns=answers.columns)


def only_rows(answers: pd.DataFrame, found: np.ndarray) -> pd.DataFrame:
    """The answers of which ``found``, bool (B,), says so; the others are rows of NaN."""
    return answers if found.all() else answers.where(np.broadcast_to(found[:, None], answers.shape))


def _single(cells: np.ndarray) -> np.ndarray:
    """Numbers in single precision; anything else as it is."""
    if cells.dtype.kind not in "fiub":
        return cells
    with np.errstate(over="ignore"):
        return cells.astype(np.float32)
