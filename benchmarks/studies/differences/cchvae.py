"""CCHVAE that is told that no feature is a category."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pandas as pd

from carla_genre.methods.carla import CARLA_METHODS
from carla_genre.options import Option

from carla.recourse_methods.api import RecourseMethod

_CARLA = CARLA_METHODS["CCHVAE"]


class _NoEncoder:
    """Of no categories."""

    def get_feature_names(self, features: list[str]) -> list[str]:
        return []


class _Numbers:
    """Data in which every column is a number; all else is as it was."""

    encoder = _NoEncoder()

    def __init__(self, data: Any, columns: list[str]) -> None:
        self._data, self.continuous = data, columns
        self.categorical: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._data, name)


class CCHVAEOfNumbers(RecourseMethod):
    """CCHVAE that leaves categories between their levels, where its autoencoder has put them.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        A classifier on PyTorch, of data with one column a feature.
    hyperparams : mapping, optional
        Those of "CCHVAE".
    """

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None) -> None:
        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        columns = list(mlmodel.feature_input_order)
        same = copy.copy(mlmodel)
        same.data = _Numbers(mlmodel.data, columns)
        self._method = _CARLA.build(same, hyperparams)
        self.hyperparams = self._method.hyperparams

    @classmethod
    def options_for(cls, hyperparams: Mapping[str, Any] | None) -> Mapping[str, Option]:
        """The hyperparameters that may be given."""
        return _CARLA.options

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """CARLA's answers, one a factual, a row of NaN where h refuses it."""
        return self._method.get_counterfactuals(factuals)
