"""PAR's densities: they are distributions, and are what their formulas say."""

import itertools

import numpy as np
import pytest
import torch

from carla_genre.schema import Relaxation, Schema
from carla_genre.schema.feature import Feature

pytest.importorskip("spflow", reason="PAR's densities need SPFlow (the extra 'par')")

from carla_genre.methods.baselines.par.circuit import SMOOTHING, fit_density


def make_relaxation(*levels: int) -> Relaxation:
    """A feature for each number of levels, 0 for a continuous one."""
    features = []
    for place, n in enumerate(levels):
        name = f"f{place}"
        codes = tuple((level,) for level in range(n)) if n else None
        features.append(Feature(name, (name,), codes, False, 0, -np.inf, np.inf))
    return Relaxation(Schema(tuple(features), tuple(feature.name for feature in features)))


def make_rows(relaxation: Relaxation, n: int = 300, seed: int = 0) -> np.ndarray:
    """Two clusters that differ in every feature."""
    random = np.random.default_rng(seed)
    side = random.random(n) < 0.4
    columns = []
    for feature in relaxation.schema.features:
        if feature.levels is None:
            columns.append(np.where(side, random.normal(0.3, 0.05, n), random.normal(0.7, 0.1, n)))
        else:
            shift = np.where(side, 0, len(feature.levels) - 1)
            columns.append(
                np.where(random.random(n) < 0.8, shift, random.integers(len(feature.levels), size=n))
            )
    return np.column_stack(columns).astype(float)


def likelihood(density: torch.nn.Module, relaxation: Relaxation, values: np.ndarray) -> np.ndarray:
    return density(torch.from_numpy(relaxation.encode(values)).float()).exp().double().numpy()


@pytest.mark.parametrize("components", [1, 5])
def test_a_discrete_density_sums_to_one(components: int) -> None:
    relaxation = make_relaxation(2, 3, 2, 5)
    density = fit_density(make_rows(relaxation), relaxation, components, 20, 0.03, 0)
    cells = np.array(list(itertools.product(range(2), range(3), range(2), range(5))), dtype=float)
    assert likelihood(density, relaxation, cells).sum() == pytest.approx(1.0, abs=1e-5)


def test_a_mixed_density_integrates_to_one() -> None:
    relaxation = make_relaxation(0, 3, 2)
    density = fit_density(make_rows(relaxation), relaxation, 4, 20, 0.03, 0)
    grid = np.linspace(-1, 2, 3001)
    cells = np.array(list(itertools.product(grid, range(3), range(2))))
    total = likelihood(density, relaxation, cells).sum() * (grid[1] - grid[0])
    assert total == pytest.approx(1.0, abs=1e-4)


def test_one_component_is_the_closed_form_of_maximum_likelihood() -> None:
    relaxation = make_relaxation(0, 3, 0, 2)
    rows = make_rows(relaxation)
    density = fit_density(rows, relaxation, 1, 10, 1e-3, 0)
    expected = np.zeros(len(rows))
    for place, n_levels in enumerate([0, 3, 0, 2]):
        x = rows[:, place]
        if n_levels == 0:
            expected += -0.5 * np.log(2 * np.pi * x.var()) - (x - x.mean()) ** 2 / (2 * x.var())
        else:
            share = np.bincount(x.astype(int), minlength=n_levels) / len(x)
            expected += np.log((1 - SMOOTHING) * share + SMOOTHING / n_levels)[x.astype(int)]
    np.testing.assert_allclose(np.log(likelihood(density, relaxation, rows)), expected, atol=1e-3)


def test_two_clusters_are_found_and_em_raises_the_likelihood() -> None:
    relaxation = make_relaxation(0, 0, 3)
    rows, others = make_rows(relaxation), make_rows(relaxation, seed=1)
    fits = {c: fit_density(rows, relaxation, c, 50, 0.01, 0) for c in (1, 2)}
    held_out = {c: np.log(likelihood(fit, relaxation, others)).mean() for c, fit in fits.items()}
    assert held_out[2] > held_out[1] + 0.5
    assert np.sort(fits[2].circuit.weights.flatten().numpy()) == pytest.approx([0.4, 0.6], abs=0.08)
    steps = [
        np.log(likelihood(fit_density(rows, relaxation, 4, n, 0.01, 0), relaxation, rows)).mean()
        for n in (1, 30)
    ]
    assert steps[1] > steps[0]


def test_the_gradient_is_that_of_finite_differences_between_levels_too() -> None:
    relaxation = make_relaxation(0, 2, 4)
    density = fit_density(make_rows(relaxation), relaxation, 3, 20, 0.05, 0).double()
    vectors = torch.tensor([[0.4, 0.3, 0.1, 0.2, 0.3, 0.4], [0.71, 1.0, 0.0, 0.0, 0.0, 1.0]]).double()
    assert torch.autograd.gradcheck(density, vectors.requires_grad_(), eps=1e-6, atol=1e-5)


def test_the_likelihood_is_linear_between_levels() -> None:
    relaxation = make_relaxation(0, 2, 4)
    density = fit_density(make_rows(relaxation), relaxation, 3, 20, 0.05, 0)
    ends = torch.from_numpy(relaxation.encode(np.array([[0.5, 1, 0], [0.5, 1, 3]]))).float()
    middle = density(0.3 * ends[0] + 0.7 * ends[1]).exp()
    assert middle.item() == pytest.approx((torch.tensor([0.3, 0.7]) @ density(ends).exp()).item(), rel=1e-4)


def test_repeated_rows_neither_collapse_nor_outnumber_the_components() -> None:
    relaxation = make_relaxation(0, 3)
    rows = np.repeat([[0.5, 1.0], [0.2, 0.0]], 50, axis=0)
    density = fit_density(rows, relaxation, 16, 50, 0.02, 0)
    peak = 0.5 / (np.sqrt(2 * np.pi) * 0.02) * (1 - SMOOTHING * 2 / 3)
    assert likelihood(density, relaxation, rows[:1])[0] == pytest.approx(peak, rel=1e-3)
