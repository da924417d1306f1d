"""Diversity against a sum over all pairs."""

from itertools import combinations

import numpy as np
import pytest

from carla_genre.errors import InputError
from carla_genre.evaluation.diversity import Diversity, diversity


@pytest.fixture
def candidates(schema, frame):
    """Ten people for each of six, (6, 10, 4); some of them repeat."""
    values = schema.encode(frame)
    return values[np.random.default_rng(0).integers(0, 40, (6, 10))]


def by_pairs(schema, candidates):
    expected = []
    for own in candidates:
        own = own[~np.isnan(own).any(axis=1)]
        costs = [float(schema.cost(a, b)) for a, b in combinations(own, 2)]
        expected.append(np.mean(costs) if costs else np.nan)
    return expected


def test_it_is_the_mean_over_all_pairs(schema, candidates):
    np.testing.assert_allclose(diversity(schema, candidates), by_pairs(schema, candidates), rtol=1e-12)


def test_candidates_that_were_not_found_are_left_out(schema, candidates):
    candidates[0, 3:7] = np.nan
    candidates[1, ::2, 1] = np.nan
    candidates[2, 1:] = np.nan
    candidates[3] = np.nan
    found = diversity(schema, candidates)
    np.testing.assert_allclose(found, by_pairs(schema, candidates), rtol=1e-12)
    assert np.isnan(found).tolist() == [False, False, True, True, False, False]


def test_equal_candidates_have_none_and_order_does_not_matter(schema, candidates):
    np.testing.assert_allclose(diversity(schema, candidates[:, :1].repeat(7, axis=1)), 0, atol=1e-12)
    np.testing.assert_allclose(diversity(schema, candidates[:, ::-1]), diversity(schema, candidates))
    assert np.isnan(diversity(schema, candidates[:, :0])).all()
    assert diversity(schema, candidates[:0]).shape == (0,)


def test_measure_takes_the_candidates_of_the_factuals(schema, approver, factuals, candidates):
    answers = factuals[list(schema.columns)]
    candidates[4, 1:] = np.nan
    shown = Diversity(approver, {"candidates": candidates}).get_evaluation(factuals, answers)
    np.testing.assert_allclose(shown["Diversity"], np.delete(by_pairs(schema, candidates), 4))
    with pytest.raises(InputError, match="6 factuals but candidates of 5"):
        Diversity(approver, {"candidates": candidates[:5]}).get_evaluation(factuals, answers)
    with pytest.raises(InputError, match=r"Diversity needs \{'candidates'"):
        Diversity(approver).get_evaluation(factuals, answers)
    with pytest.raises(InputError, match=r"expected shape \(B, N, 4\), got \(6, 10, 3\)"):
        diversity(schema, candidates[..., :3])
