"""CARLA's DataCatalog around frames that are at hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from carla_genre.datasets.adult import Frames
from carla_genre.datasets.constraints import Constraints
from carla_genre.datasets.roles import Roles
from carla_genre.datasets.written import WrittenTable
from carla_genre.frames import check_columns
from carla_genre.schema.cells import numbers
from carla_genre.schema.reading import encoder_levels

from carla.data.catalog import DataCatalog, OnlineCatalog
from carla.data.pipelining import fit_scaler


class FrameCatalog(DataCatalog):
    """A CARLA data catalog made from frames in original units.

    Parameters
    ----------
    name : str
        The data set's name. CARLA names the files of trained classifiers after it.
    frames : Frames
        All rows, the train rows and the test rows, with the target.
    roles : Roles
        Target, continuous, categorical and immutable columns.
    scaling_method, encoding_method : str
        CARLA's: "MinMax", "Standard" or "Identity", and "OneHot", "OneHot_drop_binary" or "Identity". The
        encoder knows the levels of all rows.
    scale_on : {"all", "train"}
        The rows that the scaler is fitted on. CARLA takes all of them; the paper takes the train rows, and a
        test row may then lie a little outside [0, 1].
    file_order : bool
        Whether encoded frames keep the order of the raw columns; CARLA puts encoded columns last.
    constraints : dict, optional
        Feature -> ``{"direction": "increase" | "decrease", "range": (low, high)}``, original units.
    own : DataFrame, optional
        All rows as their owner writes them: dtypes, blanks around levels. By default as ``frames`` have them.

    Attributes
    ----------
    constraints : dict
        As given; empty where there are none.
    notes : tuple of str
        What was guessed when the catalog was made.
    """

    def __init__(
        self,
        name: str,
        frames: Frames,
        roles: Roles,
        scaling_method: str = "MinMax",
        encoding_method: str = "OneHot_drop_binary",
        *,
        scale_on: str = "all",
        file_order: bool = False,
        constraints: Constraints | None = None,
        own: pd.DataFrame | None = None,
    ) -> None:
        self._roles = roles
        self._file_order = list(frames.df.columns) if file_order else []
        self.constraints: Constraints = dict(constraints or {})
        self.notes: tuple[str, ...] = ()
        self._written: WrittenTable | None = None
        if not roles.continuous:
            scaling_method = "Identity"  # scikit-learn's scalers refuse a frame without columns
        # By name, not super(): for the subclass below, super() would be OnlineCatalog, which downloads.
        DataCatalog.__init__(self, name, *frames, scaling_method, encoding_method)
        if scale_on == "train":
            self.scaler = fit_scaler(scaling_method, frames.train[self.continuous])
            self._df, self._df_train, self._df_test = map(self.transform, frames)
        self._written = WrittenTable(frames.df if own is None else own, frames.df, self._df, roles)

    @property
    def categorical(self) -> list[str]:
        """Names of the categorical features."""
        return list(self._roles.categorical)

    @property
    def continuous(self) -> list[str]:
        """Names of the continuous features."""
        return list(self._roles.continuous)

    @property
    def immutables(self) -> list[str]:
        """Names of the features that recourse must not change."""
        return list(self._roles.immutables)

    @property
    def target(self) -> str:
        """Name of the label's column."""
        return self._roles.target

    def transform(self, df: pd.DataFrame) -> pd.DataFrame:
        """Scale and encode a frame in original units.

        A row with a missing value or an unknown level has NaN in that feature's columns.

        Raises
        ------
        InputError
            A feature's column is missing, or holds what is no number.
        """
        unknown: dict[str, np.ndarray] = {}
        levels = encoder_levels(self)
        if self._written is not None:
            df, unknown = self._written.read(df, levels)
        encoded = self._ordered(super().transform(df))
        for name, rows in unknown.items():
            columns = [f"{name}_{level}" for level in levels[name]]
            encoded.loc[rows, encoded.columns.intersection(columns)] = np.nan
        return encoded

    def inverse_transform(self, df: pd.DataFrame) -> pd.DataFrame:
        """Return a scaled and encoded frame to original units, written as in the table: its dtypes, its spelling.

        A number that differs from one of the table's precision by more than floating-point noise stays as it is.

        Raises
        ------
        InputError
            A column is missing, or a continuous one holds what is no number.
        """
        columns = [column for column in self._df.columns if column != self.target]
        check_columns(df, columns, whose="the encoded")
        for column in self.continuous:
            numbers(df[column], column, gaps=True)
        decoded = super().inverse_transform(df)
        return self._ordered(decoded if self._written is None else self._written.write(decoded, df))

    def _ordered(self, df: pd.DataFrame) -> pd.DataFrame:
        """The frame with raw or encoded columns in the order of the file, if they are to keep it."""
        if not self._file_order:
            return df
        owner = {f"{name}_{level}": name for name, levels in encoder_levels(self).items() for level in levels}
        ranks = {name: rank for rank, name in enumerate(self._file_order)}
        return df[sorted(df.columns, key=lambda column: ranks.get(owner.get(column, column), len(ranks)))]


class PublishedCatalog(FrameCatalog, OnlineCatalog):
    """A data set in every respect as CARLA publishes it.

    CARLA asks ``isinstance(data, OnlineCatalog)`` before it takes the column order of its published classifiers.
    """

    def __init__(
        self, name: str, frames: Frames, roles: Roles, constraints: Constraints | None = None
    ) -> None:
        self.catalog = {
            "target": roles.target,
            "continuous": list(roles.continuous),
            "categorical": list(roles.categorical),
            "immutable": list(roles.immutables),
        }
        FrameCatalog.__init__(self, name, frames, roles, constraints=constraints)
