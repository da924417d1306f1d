"""What the measures share: CARLA's interface, and rows that belong together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from carla_genre.errors import InputError
from carla_genre.schema import Schema


class Measure(ABC):
    """A measure as CARLA's repository head has them: ``Benchmark.run_benchmark([Measure(mlmodel), ...])``.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier that was asked.
    hyperparameters : mapping, optional
        The measure's own settings; an unknown key raises.
    """

    _DEFAULT_HYPERPARAMETERS: Mapping[str, Any] = {}

    def __init__(self, mlmodel: Any, hyperparameters: Mapping[str, Any] | None = None) -> None:
        unknown = set(hyperparameters or ()) - set(self._DEFAULT_HYPERPARAMETERS)
        if unknown:
            raise InputError(
                f"{type(self).__name__} has no hyperparameter {sorted(unknown)}; "
                f"it has {sorted(self._DEFAULT_HYPERPARAMETERS)}"
            )
        self.mlmodel = mlmodel
        self.hyperparameters = {**self._DEFAULT_HYPERPARAMETERS, **(hyperparameters or {})}

    @abstractmethod
    def get_evaluation(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
        """Compute the measure.

        Parameters
        ----------
        factuals, counterfactuals : DataFrame (B, any)
            Encoded rows, the same row of both belonging together; a counterfactual with a NaN is a failure.
        """


def check_lengths(factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> None:
    """Raise InputError unless there is one counterfactual a factual (a failure is a row of NaN)."""
    if len(factuals) != len(counterfactuals):
        raise InputError(f"{len(factuals)} factuals but {len(counterfactuals)} counterfactuals")


def single_precision(rows: ArrayLike | pd.DataFrame, columns: list[str] | None, owner: str) -> np.ndarray:
    """Encoded rows as float32, of a frame the columns that the judge called ``owner`` was fitted on.

    A forest splits single precision, and a value read back from a float32 file is the same value; so a
    repeated row is a repeated row, whatever file it came from.
    """
    if isinstance(rows, pd.DataFrame) and columns is not None:
        missing = [column for column in columns if column not in rows.columns]
        if missing:
            raise InputError(f"the frame lacks {owner}'s columns {missing}")
        rows = rows[columns]
    return np.asarray(rows, dtype=np.float32)


def aligned(
    schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """The classifier's columns of both frames, (B, C) each, row by row.

    Rows are matched by index where both have the same one, in any order, else by position (CARLA's
    methods of the released package number their answers anew).

    Raises
    ------
    InputError
        The frames differ in length, or lack a column.
    """
    check_lengths(factuals, counterfactuals)
    columns = list(schema.columns)
    for what, frame in (("factuals", factuals), ("counterfactuals", counterfactuals)):
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            raise InputError(f"the {what} lack the classifier's columns {missing}")
    before, after = factuals[columns], counterfactuals[columns]
    if before.index.is_unique and not before.index.equals(after.index):
        same = after.index.is_unique and before.index.isin(after.index).all()
        after = after.loc[before.index] if same else after
    return before.to_numpy(dtype=float), after.to_numpy(dtype=float)
