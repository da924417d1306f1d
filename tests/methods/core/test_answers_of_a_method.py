"""What a method of one's own answers is held to its contract; the error names it, the feature and the way out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from method_cases import denied, make_mlmodel

from carla_genre import InputError, SchemaMethod
from carla_genre.evaluation.violations import violations
from carla_genre.schema import Schema


@pytest.fixture(scope="module")
def mlmodel() -> Any:
    return make_mlmodel(increasing=["income"], ranges={"debt": [2, 15]})


def answering(answer: Any) -> Any:
    class Mine(SchemaMethod):
        def _answer(self, values: np.ndarray) -> np.ndarray:
            return answer(self, values)

    return Mine


def setting(**features: float) -> Any:
    """A method that sets these features to these encoded values, where it is accepted or not."""

    class Sets(SchemaMethod):
        REFUSED_IS_FAILURE = False

        def _answer(self, values: np.ndarray) -> np.ndarray:
            answers = values.copy()
            for name, value in features.items():
                answers[:, self.schema.names.index(name)] = value
            return answers

    return Sets


@pytest.mark.parametrize(
    ("features", "breach"),
    [
        ({"age": 0.5}, "Sets changed the immutable feature 'age'"),
        ({"region": 0}, "Sets changed the immutable feature 'region'"),
        ({"income": -0.5}, "Sets took 'income' out of its range or direction"),
        ({"income": 0.0}, "Sets took 'income' out of its range or direction"),
        ({"debt": 1.0}, "Sets took 'debt' out of its range or direction"),
    ],
)
def test_an_answer_that_breaks_a_constraint_is_an_error(
    mlmodel: Any, features: dict[str, float], breach: str
) -> None:
    with pytest.raises(AssertionError, match=breach) as error:
        setting(**features)(mlmodel).get_counterfactuals(denied(mlmodel, 8))
    assert "self.schema.constrain(values, answers)" in str(error.value)


def test_the_way_out_holds_them(mlmodel: Any) -> None:
    def constrained(self: SchemaMethod, values: np.ndarray) -> np.ndarray:
        random = np.random.default_rng(0)
        return self.schema.constrain(values, values + random.normal(0, 3, values.shape))

    factuals = denied(mlmodel, 20)
    answers = answering(constrained)(mlmodel).get_counterfactuals(factuals)
    assert answers.notna().all(axis=1).any()
    assert violations(Schema.from_mlmodel(mlmodel), factuals, answers).rows == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda self, values: values[:1],  # would be everybody's
        lambda self, values: values[0],
        lambda self, values: np.repeat(values[:, None], 3, axis=1),
        lambda self, values: self.schema.decode(values),
        lambda self, values: None,
    ],
)
def test_answers_of_another_shape_are_refused(mlmodel: Any, wrong: Any) -> None:
    with pytest.raises(InputError, match=r"Mine._answer: expected an array of shape \(4, 6\), .*, got \("):
        answering(wrong)(mlmodel).get_counterfactuals(denied(mlmodel, 4))


def test_answers_that_are_no_numbers_are_refused(mlmodel: Any) -> None:
    with pytest.raises(InputError, match=r"Mine\._answer gives no numbers"):
        answering(lambda self, values: [["a"] * 6] * len(values))(mlmodel).get_counterfactuals(
            denied(mlmodel, 4)
        )


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("job", -1, "a number from 0 to 11"),  # would be the last level
        ("job", 12, "a number from 0 to 11"),
        ("job", 0.9, "a number from 0 to 11"),  # would be level 0
        ("owner", np.inf, "a number from 0 to 1,"),
        ("income", np.inf, "a finite number"),
    ],
)
def test_what_is_no_level_and_no_number_is_refused(
    mlmodel: Any, name: str, value: float, wanted: str
) -> None:
    with pytest.raises(InputError, match=f"Sets._answer: '{name}' is {value:g}, expected {wanted}"):
        setting(**{name: value})(mlmodel).get_counterfactuals(denied(mlmodel, 4))


def test_lists_and_failures_are_answers(mlmodel: Any) -> None:
    def some(self: SchemaMethod, values: np.ndarray) -> Any:
        answers = self.schema.constrain(values, values + np.eye(6)[self.schema.names.index("income")])
        answers[0, 0] = np.nan  # a gap makes the row a failure
        return answers.tolist()

    factuals = denied(mlmodel, 4)
    answers = answering(some)(mlmodel).get_counterfactuals(factuals)
    assert answers.iloc[0].isna().all()
    pd.testing.assert_index_equal(answers.index, factuals.index)
