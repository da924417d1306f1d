import numpy as np
import pytest
import torch
from generator_cases import make_constraints, make_rows

from carla_genre.generator.pairing.costs import FEW_LEVELS, TargetCosts, smallest

NOBODY = np.zeros(4, bool)


def plain_costs(rows: np.ndarray, targets: np.ndarray, constraints, agree: np.ndarray) -> np.ndarray:
    """The cost by its definition: (B, n)."""
    change = targets[None] - rows[:, None]
    cost = np.where(constraints.categorical, change != 0, np.abs(change))[..., ~agree].sum(-1)
    direction = np.where(constraints.immutable | agree, 0, constraints.direction)
    cost[(change * direction < 0).any(-1)] = np.inf
    return cost


@pytest.mark.parametrize("many", [[], [1], [1, 3]])
@pytest.mark.parametrize("agree", [NOBODY, np.array([False, True, False, True]), ~NOBODY])
@pytest.mark.parametrize("direction", [(0, 0, 0, 0), (1, 0, -1, 1)])
def test_costs_are_the_definitions(many: list[int], agree, direction) -> None:
    constraints = make_constraints(direction=np.array(direction))
    rows, targets = make_rows(40, 0), make_rows(2 * FEW_LEVELS, 1)
    targets[:, many] = np.arange(len(targets))[:, None]  # more levels than are compared by one product
    rows[10:20, many] = targets[10:20, many]
    rows[:10, 1] = -7.0  # a level that no target has
    taken = TargetCosts(torch.from_numpy(targets), constraints, agree, torch.float64)
    np.testing.assert_allclose(
        taken.of(torch.from_numpy(rows)).numpy(), plain_costs(rows, targets, constraints, agree), atol=1e-12
    )


@pytest.mark.parametrize("direction", [(0, 0, 0, 0), (0, 0, 1, 0), (1, 0, -1, 0), (1, -1, 1, 1)])
def test_reachable_is_having_a_finite_cost(direction) -> None:
    constraints = make_constraints(direction=np.array(direction))
    rows, targets = torch.from_numpy(make_rows(300, 2)), torch.from_numpy(make_rows(6, 3))
    taken = TargetCosts(targets, constraints, NOBODY, torch.float32)
    expected = torch.isfinite(taken.of(rows)).any(1)
    assert torch.equal(taken.reachable(rows), expected)
    assert bool(expected.all()) == (not any(direction))  # else the property says nothing


@pytest.mark.parametrize("n", [1, 7, 100, 1000, 1013])
@pytest.mark.parametrize("k", [1, 3, 40])
@pytest.mark.parametrize("ties", [False, True])
def test_smallest_is_the_start_of_a_sort(n: int, k: int, ties: bool) -> None:
    k = min(n, k)
    random = torch.Generator().manual_seed(n * k)
    cost = torch.rand(30, n, generator=random)
    if ties:
        cost = (cost * 10).floor()
        cost[:, ::3] = torch.inf
    near, column = smallest(cost, k)
    torch.testing.assert_close(near, cost.sort(1).values[:, :k], rtol=0, atol=0)
    torch.testing.assert_close(near, cost.gather(1, column), rtol=0, atol=0)
    assert all(len(row.unique()) == k for row in column)
