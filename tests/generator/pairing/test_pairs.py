from dataclasses import replace

import numpy as np
import pytest
import torch
from generator_cases import make_constraints, make_pairs, make_rows

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.pairs import find_pairs, split_rows

IMMUTABLE = np.array([False, False, False, True])
DIRECTION = np.array([1, 0, -1, 0])


def brute_force(denied: np.ndarray, accepted: np.ndarray, constraints, config: PairConfig) -> np.ndarray:
    """Q as (n, N), one pair at a time."""
    q = np.zeros((len(denied), len(accepted)))
    for i, x in enumerate(denied):
        costs = []
        for answer in accepted:
            change = answer - x
            forbidden = (
                (change[constraints.immutable] != 0).any()
                or (change * constraints.direction < 0).any()
                or (answer < constraints.lower).any()
                or (answer > constraints.upper).any()
            )
            cost = np.where(constraints.categorical, change != 0, np.abs(change)).sum()
            costs.append(np.inf if forbidden else cost)
        costs = np.array(costs)
        far = np.argsort(costs, kind="stable")[config.top_k :]
        weight = np.exp(-config.lambda_ * costs)
        weight[far] = 0
        if weight.sum():
            q[i] = weight / weight.sum()
    return q


def as_matrix(pairs, n_targets: int) -> np.ndarray:
    q = np.zeros((len(pairs), n_targets))
    for i, (indices, weights) in enumerate(
        zip(pairs.neighbours.numpy(), pairs.near(torch.arange(len(pairs)))[1].numpy(), strict=True)
    ):
        np.add.at(q[i], indices, weights)
    return q


@pytest.mark.parametrize(
    "constraints",
    [
        make_constraints(),
        make_constraints(immutable=IMMUTABLE),
        make_constraints(immutable=IMMUTABLE, direction=DIRECTION),
        make_constraints(immutable=np.array([True, True, False, False])),
    ],
    ids=["free", "immutable", "direction", "two immutables, one continuous"],
)
@pytest.mark.parametrize("top_k", [7, 1000])
def test_q_is_exact(constraints, top_k: int) -> None:
    config = PairConfig(lambda_=3.0, top_k=top_k, unmatched="drop")
    # Distinct costs: the second continuous feature has no ties, so that the K nearest are unique.
    denied, accepted = make_rows(60, 2), make_rows(80, 3)
    expected = brute_force(denied, accepted, constraints, config)
    pairs = find_pairs(denied, accepted, constraints, config)
    possible = expected.sum(1) > 0
    np.testing.assert_array_equal(pairs.sources, denied[possible])
    assert pairs.n_unmatched == (~possible).sum()
    np.testing.assert_allclose(as_matrix(pairs, len(pairs.targets)), expected[possible], atol=2e-5)


def test_rows_without_a_match_take_the_nearest_in_their_continuous_immutables() -> None:
    constraints = make_constraints(
        immutable=np.array([False, False, True, True])
    )  # position 2 never agrees exactly
    denied, accepted = make_rows(60, 2), make_rows(80, 3)
    config = PairConfig(lambda_=3.0, top_k=9)
    pairs = find_pairs(denied, accepted, constraints, config)
    assert (pairs.n_relaxed, pairs.n_unmatched) == (60, 0)
    expected = brute_force(denied, accepted, replace(constraints, immutable=IMMUTABLE), config)
    np.testing.assert_allclose(as_matrix(pairs, 80), expected, atol=2e-5)
    with pytest.raises(InputError, match="same immutable"):
        find_pairs(denied, accepted, constraints, replace(config, unmatched="drop"))


def test_ranges_leave_targets_out() -> None:
    constraints = make_constraints(upper=np.array([0.5, np.inf, np.inf, np.inf]))
    pairs = make_pairs(constraints)
    assert 0 < len(pairs.targets) < 120
    assert pairs.targets[:, 0].max() <= 0.5


def test_draws_follow_q() -> None:
    pairs = make_pairs(config=PairConfig(lambda_=2.0, top_k=6))
    rows = torch.full((20000,), 11)
    drawn = pairs.draw(rows, torch.Generator().manual_seed(0))
    share = torch.bincount(drawn, minlength=len(pairs.targets)) / len(rows)
    np.testing.assert_allclose(share.numpy(), as_matrix(pairs, len(pairs.targets))[11], atol=0.015)


def test_draws_never_leave_the_possible() -> None:
    constraints = make_constraints(immutable=IMMUTABLE, direction=DIRECTION)
    pairs = make_pairs(constraints, PairConfig(lambda_=0.0, top_k=1000))
    rows = torch.arange(len(pairs)).repeat(50)
    change = pairs.targets[pairs.draw(rows, torch.Generator().manual_seed(1))] - pairs.sources[rows]
    assert (change[:, 3] == 0).all() and (change[:, 0] >= 0).all() and (change[:, 2] <= 0).all()


def test_a_large_lambda_does_not_underflow() -> None:
    pairs = make_pairs(config=PairConfig(lambda_=1e6, top_k=5))
    np.testing.assert_allclose(pairs.near(torch.arange(len(pairs)))[1][:, 0].numpy(), 1.0)


def test_nothing_possible_says_why() -> None:
    denied, accepted = make_rows(5, 0), make_rows(5, 1)
    denied[:, 3], accepted[:, 3] = 0.0, 1.0
    with pytest.raises(InputError, match="same immutable"):
        find_pairs(denied, accepted, make_constraints(immutable=IMMUTABLE), PairConfig())
    with pytest.raises(InputError, match="0 of them in the allowed ranges"):
        find_pairs(denied, accepted, make_constraints(upper=np.array([-1.0, 9, 9, 9])), PairConfig())


def test_split_follows_the_text_or_the_code() -> None:
    labels, scores = np.array([0, 0, 0, 1, 1]), np.array([0.2, 0.6, 0.9, 0.65, 0.8])
    denied, accepted = split_rows(labels, scores, PairConfig())
    assert denied.tolist() == [True, False, False, False, False]
    assert accepted.tolist() == [False, False, False, False, True]
    denied, _ = split_rows(labels, scores, PairConfig(denied="code"))
    assert denied.tolist() == [True, True, False, True, False]


def test_an_empty_side_names_the_way_out() -> None:
    labels, scores = np.array([0, 1, 1]), np.array([0.2, 0.55, 0.6])
    with pytest.raises(InputError, match=r"gamma = 0.7.*0.6.*gamma = "):
        split_rows(labels, scores, PairConfig())
    suggested = 0.599
    assert split_rows(labels, scores, replace(PairConfig(), gamma=suggested))[1].any()
    with pytest.raises(InputError, match="is the classifier trained"):
        split_rows(labels, scores / 2, PairConfig())
    with pytest.raises(InputError, match="no training row has label 1"):
        split_rows(np.zeros(3), scores, PairConfig())
    with pytest.raises(InputError, match="denies no"):
        split_rows(labels, np.array([0.9, 0.9, 0.9]), PairConfig())
