import numpy as np
import pytest
from schema_cases import FEATURES, SCHEMA, rows

from carla_genre import InputError
from carla_genre.schema import Feature, Relaxation, Schema


def test_decode_inverts_encode_and_the_columns_are_the_schemas() -> None:
    space, values = Relaxation(SCHEMA), rows(50, 0)
    assert space.width == 8 and space.feature.tolist() == [0, 1, 2, 3, 4, 4, 4, 5]
    vectors = space.encode(values)
    assert vectors.shape == (50, 8)
    np.testing.assert_array_equal(space.decode(vectors), values)
    matrix, offset = space.columns()
    np.testing.assert_allclose(vectors @ matrix + offset, SCHEMA.decode(values).to_numpy(), atol=1e-12)


def test_what_lies_between_levels_goes_to_the_nearest() -> None:
    space = Relaxation(SCHEMA)
    values = space.decode(np.array([0.1, 0.2, 0.3, 0.4, 0.3, 0.1, 0.4, 0.7]))
    assert values.tolist() == [0.1, 0.2, 0.3, 0.4, 2.0, 1.0]
    assert np.isnan(space.decode(np.array([np.nan, *[0.0] * 7]))).all()


def test_bounds_hold_the_factual_and_fix_what_may_not_change() -> None:
    space, values = Relaxation(SCHEMA), np.clip(rows(50, 1), 0, None)
    lower, upper = space.bounds(values)
    vectors = space.encode(values)
    frozen = SCHEMA.immutable[space.feature]
    np.testing.assert_array_equal(lower[:, frozen], vectors[:, frozen])
    np.testing.assert_array_equal(upper[:, frozen], vectors[:, frozen])
    assert (lower <= upper).all()
    drawn = np.random.default_rng(0).uniform(lower, upper)
    assert SCHEMA.allowed(values, space.decode(drawn)).all()


def test_levels_of_two_columns_and_of_odd_numbers() -> None:
    features = (Feature("sex", ("m", "f"), ((1, 0), (0, 1))), Feature("code", ("code",), ((2.0,), (5.0,))))
    space = Relaxation(Schema(features, ("code", "f", "m")))
    matrix, offset = space.columns()
    assert (np.array([[0, 0], [1, 1], [0.5, 0.5]]) @ matrix + offset).tolist() == [
        [2, 0, 1],
        [5, 1, 0],
        [3.5, 0.5, 0.5],
    ]


def test_levels_that_are_words_are_named() -> None:
    words = Feature("job", ("job",), (("clerk",), ("nurse",)))
    with pytest.raises(InputError, match="'job' has columns that are not numbers"):
        Relaxation(Schema((*FEATURES, words), (*SCHEMA.columns, "job"))).columns()
