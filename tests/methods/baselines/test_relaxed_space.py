import numpy as np
import pytest
import torch
from method_cases import denied, make_mlmodel

from carla_genre.methods.baselines.search.relaxed_space import BestAnswers, RelaxedSpace
from carla_genre.schema import Relaxation, Schema

CONSTRAINTS = {"income": {"direction": "increase"}, "debt": {"direction": "decrease"}}


@pytest.fixture(scope="module")
def space_and_factuals():
    mlmodel = make_mlmodel()
    schema = Schema.from_mlmodel(mlmodel, CONSTRAINTS)
    factuals = schema.encode(denied(mlmodel, 15))
    return RelaxedSpace(Relaxation(schema), factuals, torch.device("cpu")), schema, factuals


def wild(space: RelaxedSpace, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return space.start + torch.randn(space.start.shape, generator=generator, dtype=torch.float64)


def test_decoding_anything_keeps_the_constraints_and_rounding_is_its_vector(space_and_factuals) -> None:
    space, schema, factuals = space_and_factuals
    vectors = wild(space)
    answers = space.decode(vectors)
    assert schema.allowed(factuals, answers).all() and (answers != factuals).any()
    np.testing.assert_array_equal(space.decode(space.rounded(vectors)), answers)
    np.testing.assert_array_equal(space.decode(space.start), factuals)


def test_the_cost_of_a_decoded_vector_is_the_schemas(space_and_factuals) -> None:
    space, schema, factuals = space_and_factuals
    vectors = space.rounded(wild(space))
    np.testing.assert_allclose(space.cost(vectors).numpy(), schema.cost(factuals, space.decode(vectors)))


def test_columns_are_the_classifiers(space_and_factuals) -> None:
    space, schema, factuals = space_and_factuals
    np.testing.assert_allclose(space.columns(space.start), schema.decode(factuals).to_numpy(dtype=float))


def test_the_proximal_step_is_the_minimum_by_brute_force(space_and_factuals) -> None:
    space, _, _ = space_and_factuals
    target, weight = wild(space, 1), torch.full((len(space.start), 1), 0.4, dtype=torch.float64)
    found = space.nearest(target, weight)
    assert (found >= space.lower).all() and (found <= space.upper).all()
    assert (found == space.start).any() and (found != space.start).any()
    low, high = space.lower.clamp_min(-5), space.upper.clamp_max(5)
    for share in np.linspace(0, 1, 201):
        other = low + share * (high - low)
        value = 0.5 * (other - target).square() + weight * space.price * (other - space.start).abs()
        least = 0.5 * (found - target).square() + weight * space.price * (found - space.start).abs()
        assert (least <= value + 1e-12).all()


def test_held_categories_stay_at_what_was_decoded(space_and_factuals) -> None:
    space, schema, _ = space_and_factuals
    vectors = wild(space)
    held = space.hold_categories(vectors)
    moved = held.nearest(wild(space, 2), torch.zeros(len(vectors), 1, dtype=torch.float64))
    kept = schema.categorical
    np.testing.assert_array_equal(held.decode(moved)[:, kept], space.decode(vectors)[:, kept])
    assert (space.decode(moved)[:, ~kept] != space.decode(space.start)[:, ~kept]).any()


def test_a_part_of_the_space_is_the_space_of_those_factuals(space_and_factuals) -> None:
    space, _, _ = space_and_factuals
    rows, vectors = torch.tensor([4, 1, 9]), wild(space)
    np.testing.assert_array_equal(
        space.select(rows).decode(vectors[rows]), space.decode(vectors)[rows.numpy()]
    )


def test_the_best_offer_is_kept_and_the_first_of_equals() -> None:
    best = BestAnswers((3, 1))
    best.offer(np.array([[1.0], [2.0], [3.0]]), np.array([1.0, np.inf, 5.0]))
    best.offer(np.array([[10.0], [30.0]]), np.array([1.0, 4.0]), np.array([0, 2]))
    np.testing.assert_array_equal(best.values[:, 0], [1.0, np.nan, 30.0])
    np.testing.assert_array_equal(best.keys, [1.0, np.inf, 4.0])
