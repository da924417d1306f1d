"""TabSyn+SVDD with TabSyn's own sampler, and the immutables as they were drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from carla_genre.blackbox import model_probability
from carla_genre.methods.baselines.tabsyn.recourse import TabSynSVDD
from carla_genre.methods.core.answer_frames import only_rows
from carla_genre.methods.core.base import MethodOptions

from carla.recourse_methods.api import RecourseMethod


class TabSynSVDDAsDrawn(RecourseMethod):
    """TabSyn+SVDD that answers with what it has drawn: another person's immutables are not put back.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
    hyperparams : mapping, optional
        Those of :class:`carla_genre.methods.baselines.tabsyn.recourse.TabSynSVDD`; ``process`` is "churn" where it is
        not given.
    """

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None) -> None:
        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        self._method = TabSynSVDD(mlmodel, {"process": "churn", **(hyperparams or {})})
        self.hyperparams = self._method.hyperparams

    @classmethod
    def options_for(cls, hyperparams: Mapping[str, Any] | None) -> MethodOptions:
        """The hyperparameters that may be given."""
        return TabSynSVDD.options_for(hyperparams)

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """The draws, (B, len(feature_input_order)); a row of NaN where h refuses one."""
        schema = self._method.schema
        answers = schema.decode(self._method.guided(schema.encode(factuals)), factuals.index)
        return only_rows(answers, model_probability(self._mlmodel, answers) > 0.5)
