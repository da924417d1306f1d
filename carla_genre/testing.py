"""What CARLA's Benchmark and its users rely on in a recourse method, checked."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from carla_genre.evaluation.violations import violations
from carla_genre.methods.registry import build_method
from carla_genre.schema import Schema

from carla.recourse_methods.api import RecourseMethod

UNKNOWN = "no_such_hyperparameter"


def check_contract(
    method: str | Callable[..., RecourseMethod],
    mlmodel: Any,
    factuals: pd.DataFrame,
    hyperparams: Mapping[str, Any] | None = None,
    holds_constraints: bool = True,
) -> None:
    """Build a method, ask it in many ways, and say everything that it gets wrong.

    Parameters
    ----------
    method : str or class
        A name as :func:`carla_genre.methods.registry.build_method` takes it, or a RecourseMethod class.
    mlmodel : carla.models.api.MLModel
        The classifier.
    factuals : DataFrame (B, any)
        Some denied rows, B > 1.
    hyperparams : mapping, optional
        The method's own, for a quick preparation.
    holds_constraints : bool
        Whether it has to keep immutables, ranges, directions and levels; CARLA's own methods do not.

    Raises
    ------
    AssertionError
        The contract is broken; the message has a line for each breach.
    """
    given = dict(hyperparams or {})

    def build(values: Mapping[str, Any]) -> RecourseMethod:
        return build_method(method, mlmodel, values) if isinstance(method, str) else method(mlmodel, values)

    breaches = list(_breaches(build, mlmodel, factuals, given, holds_constraints))
    if breaches:
        raise AssertionError(f"{method} breaks the contract of a recourse method:\n" + "\n".join(breaches))


def _breaches(
    build: Callable[[Mapping[str, Any]], RecourseMethod],
    mlmodel: Any,
    factuals: pd.DataFrame,
    hyperparams: dict[str, Any],
    holds_constraints: bool,
) -> Iterator[str]:
    yield from _unknown_hyperparameter(build, hyperparams)
    before = copy.deepcopy((factuals, hyperparams, mlmodel.data.df_train))
    with _WatchedRandomState() as state:
        built = build(hyperparams)
        answers = built.get_counterfactuals(factuals)
        again = built.get_counterfactuals(factuals)
    yield from (f"it changes the global random state of {name}" for name in state.changed)
    for what, old, new in zip(
        ("factuals", "hyperparameters", "training rows"),
        before,
        (factuals, hyperparams, mlmodel.data.df_train),
        strict=True,
    ):
        if not _equal(old, new):
            yield f"it changes the caller's {what}"
    shape = list(_shape(mlmodel, factuals, answers))
    if shape:
        yield from shape
        return
    yield from _same(answers, again, "asked twice, it answers differently with the same seed")
    yield from _other_ways_to_ask(built, factuals, answers)
    if holds_constraints:
        counted = violations(Schema.from_mlmodel(mlmodel), factuals, answers)
        if counted.rows:
            yield f"{counted.rows} of {len(factuals)} answers break a constraint: {counted}"


def _equal(old: Any, new: Any) -> bool:
    """Whether a copy is still equal; of an object that can only be compared by identity nothing is known."""
    if isinstance(old, Mapping):
        return set(old) == set(new) and all(_equal(value, new[key]) for key, value in old.items())
    if isinstance(old, (pd.DataFrame, pd.Series)):
        return old.equals(new)
    if isinstance(old, np.ndarray):
        return np.array_equal(old, new)
    compares = any("__eq__" in vars(kind) for kind in type(old).__mro__[:-1])
    return not compares or bool(old == new)


def _unknown_hyperparameter(
    build: Callable[[Mapping[str, Any]], RecourseMethod], hyperparams: Mapping[str, Any]
) -> Iterator[str]:
    try:
        build({**hyperparams, UNKNOWN: 1})
    except ValueError as error:
        if UNKNOWN not in str(error):
            yield f"its error about an unknown hyperparameter does not name it: {error}"
    else:
        yield "it takes an unknown hyperparameter without a word"


def _shape(mlmodel: Any, factuals: pd.DataFrame, answers: pd.DataFrame) -> Iterator[str]:
    if not answers.index.equals(factuals.index):
        yield f"the answers' index is {answers.index[:5].tolist()}..., not the factuals'"
    if list(answers.columns) != list(mlmodel.feature_input_order):
        yield f"the answers' columns are {list(answers.columns)}, not feature_input_order"
    missing = answers.isna()
    if not (missing.any(axis=1) == missing.all(axis=1)).all():
        yield "some answers are NaN in part: a failure is a row of NaN"


def _same(one: pd.DataFrame, other: pd.DataFrame, breach: str) -> Iterator[str]:
    if one.shape != other.shape or not np.array_equal(
        one.to_numpy(dtype=float), other.to_numpy(dtype=float), equal_nan=True
    ):
        yield breach


def _other_ways_to_ask(built: RecourseMethod, factuals: pd.DataFrame, answers: pd.DataFrame) -> Iterator[str]:
    none = built.get_counterfactuals(factuals.head(0))
    if none.shape != (0, answers.shape[1]):
        yield f"to nobody it answers with shape {none.shape}"
    for place in (0, len(factuals) - 1):
        one = built.get_counterfactuals(factuals.iloc[[place]])
        yield from _same(one, answers.iloc[[place]], f"row {place} alone is answered differently")
    odd = factuals.iloc[::-1, ::-1].assign(**{"a further column": "x"})
    odd.index = pd.Index([f"person {number}" for number in range(len(odd))])
    other = built.get_counterfactuals(odd)
    if not other.index.equals(odd.index):
        yield "factuals under another index are answered under another one"
    yield from _same(
        other.iloc[::-1], answers, "rows in another order, with other columns beside, change answers"
    )


class _WatchedRandomState:
    """Which global random states differ at the end from the beginning."""

    changed: list[str]

    def __enter__(self) -> _WatchedRandomState:
        self._before = self._states()
        return self

    def __exit__(self, *error: object) -> None:
        after = self._states()
        self.changed = [name for name, state in self._before.items() if state != after[name]]

    @staticmethod
    def _states() -> dict[str, Any]:
        return {
            "numpy": pickle.dumps(np.random.get_state()),
            "torch": torch.random.get_rng_state().numpy().tobytes(),
            "random": random.getstate(),
        }
