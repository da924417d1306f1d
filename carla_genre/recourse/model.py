"""The table and the classifier as GenRe is given them: encoded rows, one column a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.decision import Decision


@dataclass(frozen=True)
class EncodedTable:
    """Training rows as a CARLA catalog has them.

    Attributes
    ----------
    df, df_train : DataFrame (n, D + 1)
        Encoded features and the label.
    target : str
    continuous, categorical, immutables : list of str
    constraints : dict
        Feature -> range and direction, encoded.
    unlearned : DataFrame (m, D), optional
        The table's rows that are not learned from, as far as they can be encoded: an answer may be no copy of these
        either.
    """

    df: pd.DataFrame
    target: str
    continuous: list[str]
    categorical: list[str]
    immutables: list[str]
    constraints: dict[str, dict[str, Any]]
    name: str = "table"
    unlearned: pd.DataFrame | None = None

    @property
    def df_train(self) -> pd.DataFrame:
        """All rows: a door has no test people."""
        return self.df

    df_test = df_train


@dataclass(frozen=True)
class RawModel:
    """h of encoded rows, by asking the user's classifier about them in original units.

    Attributes
    ----------
    data : EncodedTable
    codec : TableCodec
    decision : Decision
    """

    data: EncodedTable
    codec: TableCodec
    decision: Decision

    @property
    def feature_input_order(self) -> list[str]:
        """The features."""
        return list(self.codec.names)

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        """Encoded rows (n, D) -> (n, 2)."""
        values = rows[self.feature_input_order].to_numpy(dtype=float)
        distinct, inverse = np.unique(values, axis=0, return_inverse=True)  # equal rows are asked about once
        accepted = self.decision(self.codec.decode(distinct))[inverse.ravel()]
        return np.stack([1 - accepted, accepted], axis=1)
