import itertools
import logging
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torch import Tensor

from carla_genre.methods.baselines.tabsyn.config import TabSynConfig
from carla_genre.methods.baselines.tabsyn.diffusion import (
    Denoise,
    Denoiser,
    denoising_loss,
    noise_levels,
    reverse_step,
    sample,
)
from carla_genre.methods.baselines.tabsyn.model import TabSyn
from carla_genre.methods.baselines.tabsyn.normal_scores import NormalScores
from carla_genre.methods.baselines.tabsyn.vae import kl_weight

pytestmark = pytest.mark.slow

LEVELS = [0, 2, 0, 3]
SMALL = TabSynConfig(
    layers=1,
    feedforward=32,
    width=64,
    vae_steps=300,
    diffusion_steps=1000,
    batch_size=128,
    learning_rate=4e-3,
)
CENTRE, SPREAD = torch.tensor([0.7, -1.0]).double(), torch.tensor([0.5, 0.2]).double()


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def gaussian_denoiser(centre: Tensor, spread: Tensor) -> Denoise:
    """The expected clean vector, exactly, when clean ones are normal (centre, spread^2)."""

    def denoise(noisy: Tensor, sigma: Tensor) -> Tensor:
        sigma = sigma.reshape(-1, 1)
        return centre + spread**2 / (spread**2 + sigma**2) * (noisy - centre)

    return denoise


def mixed_rows(n: int = 1000) -> np.ndarray:
    """A skewed number, a category that depends on it, a number with ties, and three unequal levels."""
    random = np.random.default_rng(1)
    income = random.gamma(2.0, 0.1, n)
    owner = (income + random.normal(0, 0.05, n) > 0.2).astype(float)
    debt = np.where(random.random(n) < 0.4, 0.0, random.random(n))
    region = random.choice(3, n, p=[0.5, 0.3, 0.2]).astype(float)
    return np.column_stack([income, owner, debt, region])


@pytest.fixture(scope="module")
def tabsyn() -> TabSyn:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return TabSyn(mixed_rows(), LEVELS, SMALL)


def test_noise_falls_from_80_to_two_thousandths_and_then_to_none() -> None:
    levels = noise_levels(50)
    assert len(levels) == 51
    assert (levels.diff() < 0).all()
    assert levels[[0, -2, -1]].tolist() == pytest.approx([80, 0.002, 0])


@pytest.mark.parametrize(("churn", "steps"), [(0.0, 50), (1.0, 50), (20.0, 200)])
def test_sampling_with_the_exact_denoiser_gives_its_normal_distribution(churn: float, steps: int) -> None:
    drawn = sample(gaussian_denoiser(CENTRE, SPREAD), torch.randn(20_000, 2).double(), steps, churn)
    torch.testing.assert_close(drawn.mean(0), CENTRE, atol=0.015, rtol=0)
    torch.testing.assert_close(drawn.std(0), SPREAD, atol=0, rtol=0.03)
    assert abs(torch.corrcoef(drawn.T)[0, 1]) < 0.03


def test_reverse_steps_with_the_exact_denoiser_give_its_normal_distribution() -> None:
    denoise, levels = gaussian_denoiser(CENTRE, SPREAD), noise_levels(200)
    rows = torch.randn(20_000, 2).double() * levels[0]
    for sigma, following in itertools.pairwise(levels):
        rows = reverse_step(rows, denoise(rows, sigma), sigma, following, torch.randn_like(rows))
    torch.testing.assert_close(rows.mean(0), CENTRE, atol=0.015, rtol=0)
    torch.testing.assert_close(rows.std(0), SPREAD, atol=0, rtol=0.06)


def test_a_reverse_step_from_a_known_row_is_exact() -> None:
    clean, sigma, following = torch.tensor([[2.0]]), torch.tensor(3.0), torch.tensor(1.0)
    noisy = clean + sigma * torch.randn(200_000, 1)
    drawn = reverse_step(noisy, clean, sigma, following, torch.randn_like(noisy))
    assert drawn.mean() == pytest.approx(2.0, abs=0.02)
    assert drawn.std() == pytest.approx(1.0, rel=0.01)
    # Both levels are of one path: their covariance is the lower level's variance.
    assert torch.cov(torch.cat([noisy, drawn], dim=1).T)[0, 1] == pytest.approx(1.0, rel=0.03)


def test_the_loss_of_the_exact_denoiser_is_one_and_any_other_is_more() -> None:
    clean = torch.randn(100_000, 2) * 0.5

    def loss(scale: float) -> float:
        exact = gaussian_denoiser(torch.zeros(2), torch.full((2,), 0.5))
        return denoising_loss(lambda noisy, sigma: scale * exact(noisy, sigma), clean).item()

    assert loss(1.0) == pytest.approx(1.0, rel=0.01)
    assert min(loss(0.9), loss(1.1)) > 1.02


def test_the_denoiser_keeps_what_has_hardly_any_noise() -> None:
    rows = torch.randn(5, 6)
    torch.testing.assert_close(Denoiser(6, 16)(rows, torch.tensor(1e-6)), rows, atol=1e-4, rtol=0)


def test_beta_stays_while_the_reconstruction_improves_and_then_falls_to_its_least() -> None:
    beta = kl_weight(TabSynConfig(patience=2))
    for loss in (1.0, 0.9, 0.95, 0.8):
        beta.step(loss)
    assert beta.get_last_lr() == [1e-2]
    beta.step(0.8)
    beta.step(0.8)
    assert beta.get_last_lr() == pytest.approx([0.7e-2])
    for _ in range(100):
        beta.step(0.8)
    assert beta.get_last_lr() == [1e-5]


def test_normal_scores_are_normal_and_come_back() -> None:
    rows = mixed_rows()
    scores = NormalScores(rows, np.array(LEVELS) > 0)
    encoded = scores.encode(rows)
    assert encoded[:, 0].mean() == pytest.approx(0, abs=0.1)
    assert encoded[:, 0].std() == pytest.approx(1, abs=0.15)
    np.testing.assert_array_equal(encoded[:, [1, 3]], rows[:, [1, 3]])
    np.testing.assert_allclose(scores.decode(encoded), rows, atol=1e-4)
    far = scores.decode(np.full((1, 4), 50.0))
    assert far[0, 0] == rows[:, 0].max()
    hardly = encoded + 1e-11 * (np.array(LEVELS) == 0)
    np.testing.assert_array_equal(scores.decode(hardly), scores.decode(encoded))


@pytest.mark.parametrize("levels", [[0, 0], [2, 3], [1, 0]])
def test_rows_of_one_kind_are_learned_too(levels: list[int]) -> None:
    random = np.random.default_rng(0)
    rows = np.column_stack([random.integers(0, n, 40) if n else random.random(40) for n in levels])
    quick = TabSynConfig(layers=1, feedforward=8, width=8, vae_steps=2, diffusion_steps=2)
    drawn = TabSyn(rows.astype(float), levels, quick).sample(30, 4)
    assert drawn.shape == (30, 2)
    for column, n in zip(drawn.T, levels, strict=True):
        assert column.min() >= 0
        assert column.max() <= (n - 1 if n else 1)


def test_the_vae_reconstructs(tabsyn: TabSyn) -> None:
    rows = mixed_rows()
    latent = tabsyn.vae.encode(torch.from_numpy(tabsyn.scores.encode(rows)).float())[0]
    found = tabsyn.scores.decode(tabsyn.vae.reconstruct(latent).numpy())
    assert (found[:, [1, 3]] == rows[:, [1, 3]]).mean() > 0.99
    assert np.abs(found - rows)[:, [0, 2]].mean() < 0.03


def test_drawn_rows_are_like_the_data(tabsyn: TabSyn) -> None:
    rows, drawn = mixed_rows(), tabsyn.sample(1200, 30)
    for place, n in enumerate(LEVELS):
        if n:
            share = [
                np.bincount(part[:, place].astype(int), minlength=n) / len(part) for part in (rows, drawn)
            ]
            assert np.abs(share[0] - share[1]).sum() / 2 < 0.1
        else:
            assert ks_2samp(rows[:, place], drawn[:, place]).statistic < 0.1
    means = [part[part[:, 1] == 1, 0].mean() - part[part[:, 1] == 0, 0].mean() for part in (rows, drawn)]
    assert means[1] == pytest.approx(means[0], rel=0.25)


def test_the_same_random_state_gives_the_same_rows(tabsyn: TabSyn) -> None:
    torch.manual_seed(5)
    first = tabsyn.sample(20, 10)
    torch.manual_seed(5)
    np.testing.assert_array_equal(first, tabsyn.sample(20, 10))


def test_progress_is_told_where_there_is_no_terminal(caplog: pytest.LogCaptureFixture) -> None:
    quick = TabSynConfig(layers=1, feedforward=8, width=8, vae_steps=20, diffusion_steps=20)
    with caplog.at_level(logging.INFO):
        TabSyn(mixed_rows(50), LEVELS, quick, verbose=True)
    told = [record.getMessage() for record in caplog.records]
    assert sum("TabSyn's VAE: step" in line for line in told) == 10
    assert sum("TabSyn's diffusion: step" in line for line in told) == 10
