"""The diffusion in TabSyn's latent space: noise levels, denoiser, loss and samplers.

Noise is added as x + sigma n; the denoiser, its scaling, loss and noise levels are those of EDM (Karras et al.,
NeurIPS 2022, table 1), which TabSyn takes over with sigma(t) = t. Written here rather than taken from a library:
diffusion libraries are made for images and bring ten times what these few formulas need.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

SIGMA_DATA = 0.5
LEAST_SIGMA, LARGEST_SIGMA, RHO = 0.002, 80.0, 7.0
LOG_SIGMA_MEAN, LOG_SIGMA_STD = -1.2, 1.2

# (rows (B, L), noise level) -> the expected clean rows (B, L)
Denoise = Callable[[Tensor, Tensor], Tensor]


class Denoiser(nn.Module):
    """An MLP that expects clean vectors of ``size`` numbers, L, from noisy ones and the noise's level.

    ``width`` is even; the two inner layers have twice as many units.
    """

    frequency: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.enter = nn.Linear(size, width)
        self.noise = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.layers = nn.Sequential(
            nn.Linear(width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, width),
            nn.SiLU(),
            nn.Linear(width, size),
        )
        half = width // 2
        self.register_buffer("frequency", torch.exp(-math.log(10_000.0) * torch.arange(half) / half))

    def forward(self, noisy: Tensor, sigma: Tensor) -> Tensor:
        """(B, L) and noise levels () or (B,) -> (B, L)."""
        sigma = sigma.reshape(-1, 1)
        total = (sigma.square() + SIGMA_DATA**2).sqrt()
        angle = sigma.log() / 4 * self.frequency
        level = self.noise(torch.cat([angle.sin(), angle.cos()], dim=1))
        output = self.layers(self.enter(noisy / total) + level)
        denoised: Tensor = noisy * (SIGMA_DATA / total).square() + output * sigma * SIGMA_DATA / total
        return denoised


def denoising_loss(denoise: Denoise, clean: Tensor) -> Tensor:
    """EDM's weighted squared error of rows (B, L), one noise level a row: ()."""
    sigma = (torch.randn_like(clean[:, 0]) * LOG_SIGMA_STD + LOG_SIGMA_MEAN).exp()
    denoised = denoise(clean + torch.randn_like(clean) * sigma[:, None], sigma)
    weight = (sigma.square() + SIGMA_DATA**2) / (sigma * SIGMA_DATA).square()
    return (weight[:, None] * (denoised - clean).square()).mean()


def noise_levels(steps: int) -> Tensor:
    """EDM's falling levels for a number of steps, ending with 0: (steps + 1,), float64."""
    share = torch.linspace(0, 1, steps, dtype=torch.float64)
    first, last = LARGEST_SIGMA ** (1 / RHO), LEAST_SIGMA ** (1 / RHO)
    return torch.cat([(first + share * (last - first)) ** RHO, torch.zeros(1, dtype=torch.float64)])


def heun_step(denoise: Denoise, noisy: Tensor, sigma: Tensor, following: Tensor) -> Tensor:
    """Solve the probability flow from one noise level to the next: EDM's second-order step."""
    slope = (noisy - denoise(noisy, sigma)) / sigma
    result = noisy + (following - sigma) * slope
    if following == 0:
        return result
    slope = (slope + (result - denoise(result, following)) / following) / 2
    return noisy + (following - sigma) * slope


def churned(noisy: Tensor, sigma: Tensor, noise: Tensor, churn: float, steps: int) -> tuple[Tensor, Tensor]:
    """A little more noise before a step (EDM's algorithm 2): the rows and their noise level."""
    higher = sigma * (1 + min(churn / steps, math.sqrt(2) - 1))
    return noisy + (higher.square() - sigma.square()).sqrt() * noise, higher


def reverse_step(noisy: Tensor, denoised: Tensor, sigma: Tensor, following: Tensor, noise: Tensor) -> Tensor:
    """Draw from p(x at the next level | x now, x clean), the Gaussian step of the reverse process."""
    share = (following / sigma).square()
    spread = following * (1 - share).clamp(min=0).sqrt()
    return denoised + share * (noisy - denoised) + spread * noise


def sample(denoise: Denoise, start: Tensor, steps: int, churn: float = 1.0) -> Tensor:
    """Clean rows from standard normal ones (n, L) by EDM's stochastic sampler, with TabSyn's S_churn.

    There are ``steps`` >= 2 noise levels.
    """
    levels = noise_levels(steps).to(start)
    rows = start * levels[0]
    for sigma, following in itertools.pairwise(levels):
        rows, higher = churned(rows, sigma, torch.randn_like(rows), churn, steps)
        rows = heun_step(denoise, rows, higher, following)
    return rows
