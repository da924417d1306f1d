"""What the released searches by gradients share: they move the classifier's columns, whatever these stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from carla_genre.blackbox import model_probability
from carla_genre.errors import InputError
from carla_genre.methods.baselines.search.logit import ModuleLogit
from carla_genre.methods.core.answer_frames import only_rows
from carla_genre.methods.core.base import RunOptions
from carla_genre.options import check, with_list
from carla_genre.threads import processor_threads

from carla.recourse_methods.api import RecourseMethod


class ColumnSearch(RecourseMethod):
    """A search among all vectors of the classifier's columns: no range, no level and no immutable is held.

    A subclass declares its ``OPTIONS`` and gives ``_search``.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        A classifier on PyTorch.
    hyperparams : mapping, optional
        Checked; left unchanged.

    Raises
    ------
    InputError
        A hyperparameter is wrong, or the classifier has no gradient.
    """

    OPTIONS = RunOptions()

    def __init_subclass__(cls) -> None:
        cls.__doc__ = with_list(cls.__doc__ or "", cls.OPTIONS)

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None) -> None:
        super().__init__(mlmodel)  # type: ignore[no-untyped-call]
        self.hyperparams = check(self.OPTIONS, hyperparams, type(self).__name__)
        if not isinstance(mlmodel.raw_model, torch.nn.Module):
            raise InputError(f"{type(self).__name__} needs the gradient of a classifier on PyTorch")
        self._logit = ModuleLogit(mlmodel.raw_model, torch.device("cpu"))

    @classmethod
    def options_for(cls, hyperparams: Mapping[str, Any] | None) -> RunOptions:
        """The hyperparameters that may be given."""
        return cls.OPTIONS

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """Where the search ends, (B, len(feature_input_order)); a row of NaN where h refuses that."""
        people = factuals[list(self._mlmodel.feature_input_order)]
        rows = torch.tensor(people.to_numpy(dtype=float))
        with processor_threads(self.hyperparams["threads"]):
            found = self._search(rows) if len(rows) else rows
        answers = pd.DataFrame(found.numpy(), index=people.index, columns=people.columns)
        return only_rows(answers, model_probability(self._mlmodel, answers) > 0.5)

    def _search(self, people: Tensor) -> Tensor:
        """(B, C), float64 -> (B, C), without a gradient."""
        raise NotImplementedError
