"""The density against what it must be: integrals of 1, the sampler's own draws, the loss that was minimised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from generator_cases import PAPER_LIKE, SUMMARY, make_constraints, make_generator, make_rows
from torch import Tensor

from benchmarks.paper.density import log_density
from carla_genre.errors import InputError
from carla_genre.generator.bins import Bins
from carla_genre.generator.config import Architecture, Binning, GeneratorConfig, SamplingConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.generator import Generator
from carla_genre.generator.sampler import sample

UNIT = {"lower": np.array([0.0, -np.inf, 0.0, -np.inf]), "upper": np.array([1.0, np.inf, 1.0, np.inf])}
DECODER = replace(SUMMARY, kind="decoder")


def pair(kind: str = "values", architecture: Architecture = SUMMARY, **changes: object) -> Generator:
    """A generator of two continuous features in the unit box, whose second depends on the first."""
    constraints = FeatureConstraints(
        categorical=np.zeros(2, bool),
        immutable=np.zeros(2, bool),
        direction=np.zeros(2, int),
        lower=np.zeros(2),
        upper=np.ones(2),
    )
    config = GeneratorConfig(binning=Binning(n_bins=12, kind=kind), architecture=architecture)
    bins = Bins.fit(np.random.default_rng(0).random((200, 2)) * 0.8 + 0.1, np.zeros(2, int), config.binning)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        generator = Generator(config, replace(constraints, **changes), bins, bins)
        for parameter in generator.parameters():
            parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return generator.eval()


def box(n: int) -> Tensor:
    """The middles of n x n cells of the unit box."""
    axis = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return torch.cartesian_prod(axis, axis)


def mass(generator: Generator, factual: list[float], points: Tensor) -> float:
    """The mean density over points that fill the unit box evenly."""
    x = torch.tensor([factual], dtype=torch.float64).expand_as(points)
    return float(log_density(generator, x, points).exp().mean())


@pytest.mark.parametrize(
    ("kind", "architecture"),
    [
        ("values", SUMMARY),
        ("even", SUMMARY),
        ("left-edges", SUMMARY),
        ("even", PAPER_LIKE),
        ("values", DECODER),
    ],
    ids=lambda one: one if isinstance(one, str) else one.kind,
)
def test_it_integrates_to_one_over_the_box(kind: str, architecture: Architecture) -> None:
    assert mass(pair(kind, architecture), [0.3, 0.9], box(200)) == pytest.approx(1, abs=2e-3)


def test_it_integrates_to_one_over_what_a_direction_and_a_range_leave() -> None:
    generator = pair(direction=np.array([1, -1]), lower=np.array([0.0, 0.2]))
    points = box(250)
    x = torch.tensor([[0.4, 0.7]], dtype=torch.float64).expand_as(points)
    density = log_density(generator, x, points)
    allowed = (points[:, 0] >= 0.4) & (points[:, 1] <= 0.7) & (points[:, 1] >= 0.2)
    assert torch.equal(torch.isfinite(density), allowed)
    assert float(density.exp().mean()) == pytest.approx(1, abs=5e-3)


def test_a_range_far_from_all_bins_has_a_density_too() -> None:
    """Hundreds of widths out in a kernel's tail, where its mass is below the least double."""
    generator = pair(lower=np.full(2, 40.0), upper=np.full(2, 41.0))
    near = torch.linspace(40, 40.005, 301, dtype=torch.float64)  # beyond, it has fallen to nothing
    points = torch.cartesian_prod(near, near)
    density = log_density(generator, points[:1].expand_as(points), points)
    assert torch.isfinite(density).all() and density.argmax() == 0
    mass = torch.trapezoid(torch.trapezoid(density.exp().view(301, 301), near), near)
    assert float(mass) == pytest.approx(1, abs=5e-3)


def test_levels_add_up_to_one() -> None:
    """Two categories of the four features: their masses over all levels, at a place of the continuous ones."""
    generator = make_generator(constraints=make_constraints(**UNIT))
    x = torch.from_numpy(make_rows(1, 5))
    grid = torch.linspace(0, 1, 101, dtype=torch.float64)
    total = 0.0
    for level in range(3):
        for other in range(2):
            first, third = torch.meshgrid(grid, grid, indexing="ij")
            rows = torch.stack(
                [
                    first.flatten(),
                    torch.full((101**2,), float(level)),
                    third.flatten(),
                    torch.full((101**2,), float(other)),
                ],
                dim=1,
            )
            density = log_density(generator, x.expand_as(rows), rows).exp().view(101, 101)
            total += float(torch.trapezoid(torch.trapezoid(density, grid), grid))
    assert total == pytest.approx(1, abs=5e-3)


def test_an_immutable_is_given() -> None:
    constraints = make_constraints(immutable=np.array([False, True, True, False]), **UNIT)
    generator = make_generator(constraints=constraints)
    x, answer = torch.from_numpy(make_rows(40, 6)), torch.from_numpy(make_rows(40, 7))
    assert (log_density(generator, x, answer) == -torch.inf).all()
    answer[:, 1:3] = x[:, 1:3]
    assert torch.isfinite(log_density(generator, x, answer)).all()


@pytest.mark.parametrize(("direction", "end"), [(1, 1.0), (1, 1.2), (-1, 0.0), (-1, -0.1)])
def test_a_one_way_feature_at_its_end_is_given(direction: int, end: float) -> None:
    constraints = make_constraints(direction=np.array([direction, 0, 0, 0]), **UNIT)
    generator = make_generator(constraints=constraints)
    x, answer = torch.from_numpy(make_rows(40, 6)), torch.from_numpy(make_rows(40, 7))
    x[:, 0] = answer[:, 0] = end
    assert torch.isfinite(log_density(generator, x, answer)).all()
    answer[:, 0] = 0.5
    assert (log_density(generator, x, answer) == -torch.inf).all()


@pytest.mark.slow
def test_it_is_the_density_of_the_sampler_s_draws() -> None:
    """Shares of cells as wide as many bins: the draws at temperature 1, and the integral of the density."""
    generator, n, cells = pair("even"), 40_000, 4
    factual = torch.tensor([[0.2, 0.6]], dtype=torch.float64)
    drawn = sample(generator, factual, SamplingConfig(temperature=1.0, n_samples=n), seed=0)[0]
    widths = generator.answer_bins.widths[:, 0]
    random = torch.Generator().manual_seed(0)
    spread = drawn + widths * torch.randn(drawn.shape, generator=random, dtype=torch.float64)
    inside = spread[((spread >= 0) & (spread <= 1)).all(1)]
    points = box(250)
    density = log_density(generator, factual.expand_as(points), points).exp()
    # The first feature's share: what a later one sees of it does not matter for it.
    expected = torch.zeros(cells, dtype=torch.float64).index_add_(
        0, (points[:, 0] * cells).long(), density / len(points)
    )
    found = torch.histc(inside[:, 0], cells, 0, 1) / len(inside)
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0)


def test_equation_8_bounds_equation_7() -> None:
    """Jensen: -log of the mixture is at most the soft labels' cross entropy plus what does not depend on theta."""
    training = replace(make_generator().config.training, soft_labels=True)
    generator = pair("even")
    generator.config = replace(generator.config, training=training)
    # No bound of the range is near: nothing is cut off.
    generator.constraints = replace(
        generator.constraints, lower=np.full(2, -np.inf), upper=np.full(2, np.inf)
    )
    x, answer = (torch.from_numpy(np.random.default_rng(seed).random((60, 2))) for seed in (3, 4))
    labels, bins = generator.answer_bins.soft_labels(answer).double(), generator.answer_bins
    kernels = torch.exp(-(((answer.unsqueeze(-1) - bins.representatives) / bins.widths) ** 2) / 2)
    kernels = kernels / (bins.widths * (2 * torch.pi) ** 0.5)
    constant = torch.special.xlogy(labels, labels).sum((1, 2)) - (labels * kernels.log()).sum((1, 2))
    with torch.no_grad():
        bound = generator.loss(x, answer).double() + constant
    exact = -log_density(generator, x, answer)
    assert (exact <= bound + 1e-4).all()
    assert float((bound - exact).mean()) < 2  # and not by chance of a loose one


def test_rows_do_not_depend_on_their_batch_and_the_mode_is_restored() -> None:
    generator = pair(architecture=replace(SUMMARY, dropout=0.5)).train()
    x, answer = torch.rand(7, 2, dtype=torch.float64), torch.rand(7, 2, dtype=torch.float64)
    together = log_density(generator, x, answer)
    alone = torch.cat([log_density(generator, x[i : i + 1], answer[i : i + 1]) for i in range(7)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    assert generator.training and together.dtype == torch.float64
    assert log_density(generator, x[:0], answer[:0]).shape == (0,)


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(InputError, match=r"one shape \('B', 2\), got \(3, 2\) and \(3, 4\)"):
        log_density(pair(), torch.zeros(3, 2), torch.zeros(3, 4))
