"""Each check of a recourse method: it gives a line for every breach."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from carla_genre.blackbox import BlackBox, model_probability
from carla_genre.evaluation.violations import violations
from carla_genre.schema import Schema

from carla.recourse_methods.api import RecourseMethod

UNKNOWN = "no_such_hyperparameter"


class FirstCalls(NamedTuple):
    """The method as it was built, two equal calls, and what these changed that is not theirs."""

    method: RecourseMethod
    answers: pd.DataFrame
    again: pd.DataFrame
    breaches: list[str]


@dataclass(frozen=True)
class Trial:
    """One method, one classifier and some denied rows; the method is built once for all checks."""

    build: Callable[[Mapping[str, Any]], RecourseMethod]
    mlmodel: BlackBox
    factuals: pd.DataFrame
    hyperparams: dict[str, Any]

    @cached_property
    def first(self) -> FirstCalls:
        """Build the method and call it twice."""
        given = {"factuals": self.factuals, "hyperparameters": self.hyperparams}
        given["training rows"] = self.mlmodel.data.df_train
        before, states = copy.deepcopy(given), _random_states()
        method = self.build(self.hyperparams)
        answers = method.get_counterfactuals(self.factuals)
        again = method.get_counterfactuals(self.factuals)
        after = _random_states()
        given["training rows"] = self.mlmodel.data.df_train
        breaches = [
            f"it changes the global random state of {name}" for name in states if states[name] != after[name]
        ]
        breaches += [
            f"it changes the caller's {name}" for name in given if not _equal(before[name], given[name])
        ]
        return FirstCalls(method, answers, again, breaches)


def refuses_unknown_hyperparameters(trial: Trial) -> Iterator[str]:
    """An unknown hyperparameter is a ValueError that names it."""
    try:
        trial.build({**trial.hyperparams, UNKNOWN: 1})
    except ValueError as error:
        if UNKNOWN not in str(error):
            yield f"its error about an unknown hyperparameter does not name it: {error}"
    else:
        yield "it takes an unknown hyperparameter without a word"


def leaves_the_rest_alone(trial: Trial) -> Iterator[str]:
    """Neither the caller's objects nor the global random states are changed."""
    yield from trial.first.breaches


def answers_as_a_frame(trial: Trial) -> Iterator[str]:
    """The answers have the factuals' index and the classifier's columns; a failure is a row of NaN."""
    answers = trial.first.answers
    if not answers.index.equals(trial.factuals.index):
        yield f"the answers' index is {answers.index[:5].tolist()}..., not the factuals'"
    if list(answers.columns) != list(trial.mlmodel.feature_input_order):
        yield f"the answers' columns are {list(answers.columns)}, not feature_input_order"
    missing = answers.isna()
    if not (missing.any(axis=1) == missing.all(axis=1)).all():
        yield "some answers are NaN in part: a failure is a row of NaN"


def repeats_itself(trial: Trial) -> Iterator[str]:
    """The same call has the same answers."""
    first = trial.first
    yield from _same(first.answers, first.again, "called twice with the same seed, it answers differently")


def answers_each_row_by_itself(trial: Trial) -> Iterator[str]:
    """No answer depends on the other rows, their number, order, index or further columns."""
    method, answers, factuals = trial.first.method, trial.first.answers, trial.factuals
    none = method.get_counterfactuals(factuals.head(0))
    if none.shape != (0, answers.shape[1]):
        yield f"to no factual it answers with shape {none.shape}"
    for row in (0, len(factuals) - 1):
        one = method.get_counterfactuals(factuals.iloc[[row]])
        yield from _same(one, answers.iloc[[row]], f"row {row} alone is answered differently")
    odd = factuals.iloc[::-1, ::-1].assign(**{"a further column": "x"})
    odd.index = pd.Index([f"row {number}" for number in range(len(odd))])
    other = method.get_counterfactuals(odd)
    if not other.index.equals(odd.index):
        yield "factuals under another index are answered under another one"
    yield from _same(
        other.iloc[::-1], answers, "rows in another order, with other columns beside, change answers"
    )


def holds_constraints(trial: Trial) -> Iterator[str]:
    """Immutables, ranges, directions and levels hold exactly."""
    counted = violations(Schema.from_mlmodel(trial.mlmodel), trial.factuals, trial.first.answers)
    if counted.rows:
        yield f"{counted.rows} of {len(trial.factuals)} answers break a constraint: {counted}"


def leaves_accepted_rows(trial: Trial) -> Iterator[str]:
    """Who is accepted already is answered with the own row."""
    mlmodel = trial.mlmodel
    train = mlmodel.data.df_train[list(mlmodel.feature_input_order)]
    accepted = train[model_probability(mlmodel, train) > 0.5].head(2)
    yield from _same(
        trial.first.method.get_counterfactuals(accepted),
        accepted,
        "it changes factuals that the classifier accepts already",
    )


# The later ones can only be read where the answers are a frame of the right shape.
FIRST = (refuses_unknown_hyperparameters, leaves_the_rest_alone, answers_as_a_frame)
LATER = (repeats_itself, answers_each_row_by_itself)
OF_CONSTRAINTS = (holds_constraints, leaves_accepted_rows)


def _equal(old: Any, new: Any) -> bool:
    """Whether a copy is still equal; of an object that can only be compared by identity nothing is known."""
    if isinstance(old, Mapping):
        return set(old) == set(new) and all(_equal(value, new[key]) for key, value in old.items())
    if isinstance(old, (pd.DataFrame, pd.Series)):
        same: bool = old.equals(new)
        return same
    if isinstance(old, np.ndarray):
        return np.array_equal(old, new)
    compares = any("__eq__" in vars(kind) for kind in type(old).__mro__[:-1])
    return not compares or bool(old == new)


def _same(one: pd.DataFrame, other: pd.DataFrame, breach: str) -> Iterator[str]:
    values, others = one.to_numpy(dtype=object), other.to_numpy(dtype=object)
    if one.shape != other.shape or not ((values == others) | (pd.isna(values) & pd.isna(others))).all():
        yield breach


def _random_states() -> dict[str, Any]:
    return {
        "numpy": pickle.dumps(np.random.get_state()),
        "torch": torch.random.get_rng_state().numpy().tobytes(),
        "random": random.getstate(),
    }
