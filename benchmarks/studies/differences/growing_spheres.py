"""GrowingSpheres with the settings of PROBE's fork of CARLA, which the paper's baselines are run from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from carla_genre.methods.carla import CARLA_METHODS, CarlaRecourse
from carla_genre.options import Option

from carla.recourse_methods.catalog.growing_spheres import model as carla_model

_CARLA = CARLA_METHODS["GrowingSpheres"]


class _Search(carla_model.GrowingSpheres):
    """CARLA's own search, in other ``shells``."""

    def __init__(self, mlmodel: Any, shells: Mapping[str, Any]) -> None:
        super().__init__(mlmodel)
        self._shells = shells

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        columns = self._mlmodel.feature_input_order
        answers = [
            carla_model.growing_spheres_search(
                person,
                self._mutables,
                self._immutables,
                self._continuous,
                self._categorical_enc,
                columns,
                self._mlmodel,
                **self._shells,
            )
            for _, person in self._mlmodel.get_ordered_features(factuals).iterrows()
        ]
        return pd.DataFrame(answers, columns=columns)


class ReleasedGrowingSpheres(CarlaRecourse):
    """GrowingSpheres in shells of .01 instead of .2, by L1, with 2000 candidates instead of 1000.

    Categories are drawn anew in every shell, so that in thin ones an answer has another category before its numbers
    have moved.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
    hyperparams : mapping, optional
        Those of "GrowingSpheres".
    """

    # CARLA's own are 1000, .2 and 2.
    SHELLS: Mapping[str, Any] = MappingProxyType({"n_search_samples": 2000, "step": 0.01, "p_norm": 1})

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None) -> None:
        super().__init__(
            _CARLA.name,
            mlmodel,
            _CARLA.complete(mlmodel, hyperparams),
            lambda: _Search(mlmodel, self.SHELLS),
        )

    @classmethod
    def options_for(cls, hyperparams: Mapping[str, Any] | None) -> Mapping[str, Option]:
        """The hyperparameters that may be given."""
        return _CARLA.options
