import numpy as np
import pytest
from schema_cases import SCHEMA, rows


def test_constrained_answers_are_allowed_and_allowed_ones_stay() -> None:
    factuals, wishes = rows(500, 0), rows(500, 1)
    answers = SCHEMA.constrain(factuals, wishes)
    assert SCHEMA.allowed(factuals, answers).all()
    np.testing.assert_array_equal(SCHEMA.constrain(factuals, answers), answers)
    kept = SCHEMA.allowed(factuals, wishes[:, None]).ravel()
    assert not kept.any()  # a frozen number is never met by chance
    np.testing.assert_array_equal(SCHEMA.constrain(factuals, factuals), factuals)


def test_constrain_moves_no_further_than_it_must() -> None:
    factual = np.array([[0.5, 0.5, 0.5, 0.5, 1, 1]])
    answer = SCHEMA.constrain(factual, np.array([[2.0, 0.2, 0.7, 0.9, 1.6, 0]]))
    assert answer.tolist() == [[1.0, 0.5, 0.5, 0.5, 2.0, 1.0]]


@pytest.mark.parametrize(
    ("position", "own", "wish", "expected"),
    [
        (0, 1.4, 1.4, 1.4),  # outside the range: its own value may stay
        (0, 1.4, 1.3, 1.0),  # a change has to end inside
        (1, 1.4, 0.9, 1.4),  # it would have to fall, and may not
        (2, -1.4, 0.0, -1.4),
        (2, 1.4, 1.2, 1.0),
    ],
)
def test_a_factual_outside_the_range(position: int, own: float, wish: float, expected: float) -> None:
    factual = np.array([[0.5, 0.5, 0.5, 0.5, 0, 0]])
    answer = factual.copy()
    factual[0, position], answer[0, position] = own, wish
    assert SCHEMA.constrain(factual, answer)[0, position] == expected


def test_a_missing_value_stays_missing_and_candidates_broadcast() -> None:
    factuals, candidates = rows(3, 2), rows(12, 3).reshape(3, 4, 6)
    candidates[1, 2, 0] = np.nan
    answers = SCHEMA.constrain(factuals[:, None], candidates)
    assert np.isnan(answers).sum() == 1 and np.isnan(answers[1, 2, 0])
    allowed = SCHEMA.allowed(factuals[:, None], answers)
    assert allowed.shape == (3, 4) and not allowed[1, 2] and allowed.sum() == 11
