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

from carla_genre.blackbox import model_probability
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
    """Build a method, call it in many ways, and list every breach of the contract.

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
        Whether it has to keep immutables, ranges, directions and levels, and to leave those as they are whom h accepts
        already; CARLA's own methods do not.

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
    given = {"factuals": factuals, "hyperparameters": hyperparams, "training rows": mlmodel.data.df_train}
    before, states = copy.deepcopy(given), _random_states()
    built = build(hyperparams)
    answers = built.get_counterfactuals(factuals)
    again = built.get_counterfactuals(factuals)
    after = _random_states()
    yield from (
        f"it changes the global random state of {name}" for name in states if states[name] != after[name]
    )
    given["training rows"] = mlmodel.data.df_train
    yield from (f"it changes the caller's {name}" for name in given if not _equal(before[name], given[name]))
    shape = list(_shape(mlmodel, factuals, answers))
    if shape:
        yield from shape
        return
    yield from _same(answers, again, "called twice with the same seed, it answers differently")
    yield from _other_calls(built, factuals, answers)
    if holds_constraints:
        counted = violations(Schema.from_mlmodel(mlmodel), factuals, answers)
        if counted.rows:
            yield f"{counted.rows} of {len(factuals)} answers break a constraint: {counted}"
        yield from _accepted(built, mlmodel)


def _accepted(built: RecourseMethod, mlmodel: Any) -> Iterator[str]:
    train = mlmodel.data.df_train[list(mlmodel.feature_input_order)]
    accepted = train[model_probability(mlmodel, train) > 0.5].head(2)
    yield from _same(
        built.get_counterfactuals(accepted),
        accepted,
        "it changes factuals that the classifier accepts already",
    )


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
    values, others = one.to_numpy(dtype=object), other.to_numpy(dtype=object)
    if one.shape != other.shape or not ((values == others) | (pd.isna(values) & pd.isna(others))).all():
        yield breach


def _other_calls(built: RecourseMethod, factuals: pd.DataFrame, answers: pd.DataFrame) -> Iterator[str]:
    none = built.get_counterfactuals(factuals.head(0))
    if none.shape != (0, answers.shape[1]):
        yield f"to no factual it answers with shape {none.shape}"
    for row in (0, len(factuals) - 1):
        one = built.get_counterfactuals(factuals.iloc[[row]])
        yield from _same(one, answers.iloc[[row]], f"row {row} alone is answered differently")
    odd = factuals.iloc[::-1, ::-1].assign(**{"a further column": "x"})
    odd.index = pd.Index([f"row {number}" for number in range(len(odd))])
    other = built.get_counterfactuals(odd)
    if not other.index.equals(odd.index):
        yield "factuals under another index are answered under another one"
    yield from _same(
        other.iloc[::-1], answers, "rows in another order, with other columns beside, change answers"
    )


def _random_states() -> dict[str, Any]:
    return {
        "numpy": pickle.dumps(np.random.get_state()),
        "torch": torch.random.get_rng_state().numpy().tobytes(),
        "random": random.getstate(),
    }
