"""The table and the classifier: which columns it was trained on, and both as GenRe is given them, encoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from carla_genre.errors import InputError
from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.decision import Decision


def check_hyperparams(given: Any, seed: Any) -> None:
    """See that GenRe's hyperparameters say nothing that the door's own arguments say.

    Raises
    ------
    InputError
        They are no mapping; or they have causes, constraints, or another seed than ``seed`` (None: it is not asked).
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"hyperparams must be a dict of GenRe's, got {type(given).__name__}")
    if not given:
        return
    if given.get("causes") is not None:
        raise InputError("hyperparams: Recourse does not take causes yet; GenRe does (docs/causal.md)")
    if given.get("constraints") is not None:
        raise InputError(
            "hyperparams: give constraints to Recourse itself, constraints=[Range('income', 0, 5000)]"
        )
    if seed is not None and given.get("seed", seed) != seed:
        raise InputError(
            f"hyperparams: seed={given['seed']!r} is another one than seed={seed!r}: give it to Recourse itself"
        )


class Rows(NamedTuple):
    """The rows of a table that have an outcome, numbered from 0.

    ``features`` (n, D); ``outcome`` (n,); ``columns`` are those that the classifier was trained on, None where it does
    not say so; ``beside`` (n, any) has those of them that are no features; ``unlabelled`` (m, D) are the features of
    the table's other rows.
    """

    features: pd.DataFrame
    outcome: pd.Series
    columns: list[str] | None
    beside: pd.DataFrame
    unlabelled: pd.DataFrame


def trained_columns(classifier: Any, table: pd.DataFrame) -> list[str] | None:
    """What a classifier was trained on, as the table calls it; None where it does not say so.

    LightGBM writes an underscore for each blank of a name.
    """
    names = getattr(classifier, "feature_names_in_", None)
    if names is None:
        return None
    spelled = {name.replace(" ", "_"): name for name in table.columns}
    return [name if name in table.columns else spelled.get(name, name) for name in map(str, names)]


def check_beside(decision: Decision, features: pd.DataFrame, beside: pd.DataFrame) -> None:
    """See that columns ``beside`` (n, any) the features (n, D) can hold anything: the classifier makes nothing of them.

    Raises
    ------
    InputError
        It says otherwise of rows in which such a column has another row's cell.
    """
    if not len(beside.columns):
        return
    own, used = decision.ask(features.join(beside)), []
    for name in beside:
        said = decision.ask(features.join(beside.drop(columns=name)))
        if not np.allclose(said, own, rtol=0, atol=1e-6, equal_nan=True):
            used.append(name)
    if used:
        raise InputError(
            f"ignore= names {used}, which the classifier was trained on and makes something of: keep them, as numbers "
            "or as levels, and Freeze them if nobody may be told to change them"
        )


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
