"""Counterfactuals belong to factuals: the same index, row by row."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from carla_genre.carla_compat.registry import around

if TYPE_CHECKING:
    import pandas as pd

#: ``get_counterfactuals`` given the original first: (answer, self, factuals) to counterfactuals.
Answering = Callable[[Any, Any, Any], Any]


def numbered_from_zero(frame: pd.DataFrame) -> bool:
    """Whether the rows are labelled 0, 1, 2, ...: what pandas does where nobody has said otherwise."""
    return list(frame.index) == list(range(len(frame)))


def with_index_of(factuals: pd.DataFrame, counterfactuals: pd.DataFrame) -> pd.DataFrame:
    """The counterfactuals under the labels of their factuals.

    Rows numbered from zero are taken to be in the factuals' order; several counterfactuals a factual (DiCE with
    ``num`` > 1) lie next to each other and share its label. Anything else is returned as it is.
    """
    if counterfactuals.index.equals(factuals.index) or not numbered_from_zero(counterfactuals):
        return counterfactuals
    if not len(factuals) or len(counterfactuals) % len(factuals):
        return counterfactuals
    relabelled = counterfactuals.copy()
    relabelled.index = factuals.index.repeat(len(counterfactuals) // len(factuals))
    return relabelled


def wrap_answers(module: ModuleType, wrapper: Answering) -> list[str]:
    """Wrap ``get_counterfactuals`` of every class that `module` itself defines; the names of those classes."""
    wrapped = []
    for name, value in list(vars(module).items()):
        if not isinstance(value, type) or value.__module__ != module.__name__:
            continue
        answer = vars(value).get("get_counterfactuals")
        if answer is None or getattr(answer, "__isabstractmethod__", False):
            continue
        around(value, "get_counterfactuals")(wrapper)
        wrapped.append(name)
    return wrapped
