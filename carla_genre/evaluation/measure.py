"""What the measures share: CARLA's interface, and rows that belong together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from carla_genre.blackbox import BlackBox
from carla_genre.errors import InputError
from carla_genre.frames import check_columns, matched
from carla_genre.options import Option, check
from carla_genre.schema import Schema
from carla_genre.schema.cells import single_numbers


class Measure(ABC):
    """A measure as CARLA's repository head has them: ``Benchmark.run_benchmark([Measure(mlmodel), ...])``.

    A subclass says what one answer is worth (:meth:`figures`); the figure over all people follows.
    :func:`carla_genre.evaluation.run_measures` takes it on the release as well.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier that was asked.
    hyperparameters : mapping, optional
        The measure's own settings; an unknown key or a wrong value raises.

    Attributes
    ----------
    OPTIONS : mapping of str to Option
        What the settings may be.
    FAILURES_COUNT : bool
        Whether a failure counts against the method: :meth:`rows` then has the worst value for it, and
        :meth:`get_evaluation` is the mean over all. Else it is NaN there, and left out here.
    """

    FAILURES_COUNT: ClassVar[bool] = False
    OPTIONS: ClassVar[Mapping[str, Option]] = {}

    def __init__(self, mlmodel: BlackBox, hyperparameters: Mapping[str, Any] | None = None) -> None:
        self.hyperparameters = check(self.OPTIONS, hyperparameters, type(self).__name__)
        self.mlmodel = mlmodel

    def rows(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
        """Measure each answer.

        Parameters
        ----------
        factuals, counterfactuals : DataFrame (B, any)
            Encoded rows, matched as :func:`in_order_of` does; a counterfactual with a NaN is a failure.

        Returns
        -------
        DataFrame (B, figures)
            Under the factuals' index.
        """
        answers = in_order_of(factuals, counterfactuals)
        return pd.DataFrame(self.figures(factuals, answers), index=factuals.index)

    @abstractmethod
    def figures(self, factuals: pd.DataFrame, answers: pd.DataFrame) -> Mapping[str, Any]:
        """The columns of :meth:`rows`, (B,) each, by name; the answers are in the factuals' order."""

    def get_evaluation(self, factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
        """Compute the measure, as CARLA asks for it.

        Parameters
        ----------
        factuals, counterfactuals : DataFrame (B, any)
            As for :meth:`rows`.

        Returns
        -------
        DataFrame
            Where failures count, one row: the means over all, NaN if there is nobody. Else a row for each answer that
            has the figure, as CARLA's distances have it.
        """
        rows = self.rows(factuals, counterfactuals).astype(float)
        if self.FAILURES_COUNT:
            return rows.mean().to_frame().T
        return rows.dropna(how="all").reset_index(drop=True)

    @property
    def schema(self) -> Schema:
        """Of the classifier."""
        return Schema.from_mlmodel(self.mlmodel)

    def _needed(self, name: str, what: str) -> Any:
        """A hyperparameter that has no default."""
        value = self.hyperparameters[name]
        if value is None:
            raise InputError(f"{type(self).__name__} needs {{{name!r}: {what}}} as hyperparameters")
        return value


def single_precision(rows: ArrayLike | pd.DataFrame, columns: list[str] | None, owner: str) -> np.ndarray:
    """Encoded rows as float32, of a frame the columns that the judge called ``owner`` was fitted on.

    A forest splits single precision, and a value read back from a float32 file is the same value; so a
    repeated row is a repeated row, whatever file it came from.
    """
    if isinstance(rows, pd.DataFrame):
        columns = list(rows.columns) if columns is None else columns
        check_columns(rows, columns, whose=f"{owner}'s")
        rows = np.column_stack([single_numbers(rows[column], column, gaps=True) for column in columns])
    return np.asarray(rows, dtype=np.float32)


def in_order_of(factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
    """The counterfactuals in the order and under the index of the factuals.

    Rows are matched by label or by position, never by guess: :func:`carla_genre.frames.matched`.

    Raises
    ------
    InputError
        The frames differ in length, or the labels do not tell which answer is whose.
    """
    for what, frame in (("factuals", factuals), ("counterfactuals", counterfactuals)):
        check_columns(frame, (), f"the frame of {what}")
    if len(factuals) != len(counterfactuals):
        raise InputError(f"{len(factuals)} factuals but {len(counterfactuals)} counterfactuals")
    return matched(counterfactuals, factuals.index)


def aligned_frames(
    schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The classifier's columns of both frames, (B, C) each, matched as :func:`in_order_of` does.

    Raises
    ------
    InputError
        The frames differ in length, lack a column, or hold what is no number where numbers are.
    """
    columns = list(schema.columns)
    after = in_order_of(factuals, counterfactuals)
    for what, frame in (("factuals", factuals), ("counterfactuals", after)):
        check_columns(frame, columns, f"the frame of {what}", "the classifier's")
        for feature in schema.features:
            for column in () if feature.is_text else feature.columns:
                single_numbers(frame[column], column, gaps=True)
    return factuals[columns], after[columns]


def aligned(
    schema: Schema, factuals: pd.DataFrame, counterfactuals: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`aligned_frames` as numbers, (B, C) each; a text is its level's number, -1 if it is none of the levels."""
    before, after = aligned_frames(schema, factuals, counterfactuals)
    for feature in schema.features:
        if feature.is_text:
            column, codes = feature.columns[0], {level[0]: i for i, level in enumerate(feature.levels or ())}
            before, after = (
                frame.assign(**{column: frame[column].map(codes).fillna(-1).where(frame[column].notna())})
                for frame in (before, after)
            )
    return tuple(frame.to_numpy(dtype=float, na_value=np.nan) for frame in (before, after))
