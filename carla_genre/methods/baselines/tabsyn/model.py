"""TabSyn: fit to rows, sample rows like them."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from carla_genre.methods.baselines.tabsyn.config import TabSynConfig
from carla_genre.methods.baselines.tabsyn.diffusion import Denoiser, denoising_loss, sample
from carla_genre.methods.baselines.tabsyn.normal_scores import NormalScores
from carla_genre.methods.baselines.tabsyn.vae import TokenVAE, kl_weight
from carla_genre.methods.core.training_loop import train

# Rows that go through the networks at a time.
BLOCK = 1 << 12
# How often the VAE's training looks at the weight of its KL term.
CHECKS = 200


class TabSyn:
    """A density of rows of mixed types (Zhang et al., ICLR 2024), fitted when this is built.

    Draws from torch's global random state: seed it for a repeatable fit.

    Parameters
    ----------
    rows : ndarray (n, D)
        Encoded rows: scaled numbers and level codes.
    levels : sequence of int
        Levels of each feature, 0 for a continuous one.

    Notes
    -----
    Latent vectors, of ``size`` L = D * token numbers, are the encoder's means, centred and halved as in TabSyn, so that
    their spread is about the .5 that the diffusion expects.
    """

    def __init__(
        self,
        rows: np.ndarray,
        levels: Sequence[int],
        config: TabSynConfig,
        device: torch.device | str = "cpu",
        verbose: bool = False,
    ) -> None:
        self.config, self.device = config, torch.device(device)
        self.scores = NormalScores(rows, np.asarray(levels) > 0)
        self.size = len(levels) * config.token
        scores = torch.from_numpy(self.scores.encode(rows)).to(self.device, torch.float32)
        self.vae = TokenVAE(levels, config).to(self.device)
        self.denoiser = Denoiser(self.size, config.width).to(self.device)
        _fit_vae(self.vae, scores, config, verbose)
        with torch.no_grad():
            latent = torch.cat([self.vae.encode(part)[0].flatten(1) for part in scores.split(BLOCK)])
        self.centre = latent.mean(0)
        _fit(
            self.denoiser,
            lambda clean: denoising_loss(self.denoiser, clean),
            (latent - self.centre) / 2,
            config.diffusion_steps,
            config,
            "TabSyn's diffusion",
            verbose,
        )
        for network in (self.vae, self.denoiser):
            network.eval().requires_grad_(False)

    def double(self) -> TabSyn:
        """A copy in double precision, whose answers hide that a sum's last bits depend on the batch."""
        other = copy.copy(self)
        other.centre = self.centre.double()
        other.vae = copy.deepcopy(self.vae).double()
        other.denoiser = copy.deepcopy(self.denoiser).double()
        return other

    @torch.no_grad()
    def decode(self, latent: Tensor) -> np.ndarray:
        """Latent vectors (n, L) -> encoded rows (n, D)."""
        tokens = (latent * 2 + self.centre).unflatten(1, (-1, self.config.token))
        scores = [self.vae.reconstruct(part) for part in tokens.split(BLOCK)]
        return self.scores.decode(torch.cat(scores).cpu().numpy())

    @torch.no_grad()
    def sample(self, n: int, steps: int = 50) -> np.ndarray:
        """Rows like those it was fitted to, (n, D)."""
        drawn = []
        for start in range(0, n, BLOCK):
            noise = torch.randn(min(BLOCK, n - start), self.size, device=self.device).to(self.centre)
            drawn.append(self.decode(sample(self.denoiser, noise, steps)))
        return np.concatenate(drawn)


def _fit_vae(vae: TokenVAE, scores: Tensor, config: TabSynConfig, verbose: bool) -> None:
    beta = kl_weight(config)
    every = math.ceil(config.vae_steps / CHECKS)
    since: list[Tensor] = []

    def loss(batch: Tensor) -> Tensor:
        reconstruction, divergence = vae.losses(batch)
        since.append(reconstruction.detach())
        weighted = reconstruction + beta.get_last_lr()[0] * divergence
        if len(since) == every:
            beta.step(torch.stack(since).mean().item())
            since.clear()
        return weighted

    _fit(vae, loss, scores, config.vae_steps, config, "TabSyn's VAE", verbose)


def _fit(
    network: nn.Module,
    loss: Callable[[Tensor], Tensor],
    rows: Tensor,
    steps: int,
    config: TabSynConfig,
    name: str,
    verbose: bool,
) -> None:
    """Adam for a number of steps, with a rate that falls along a cosine; every row once an epoch in a new order."""
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    epochs = (rows[torch.randperm(len(rows), device=rows.device)] for _ in itertools.count())
    batches = itertools.chain.from_iterable(epoch.split(config.batch_size) for epoch in epochs)
    every = max(1, steps // 10)
    train(
        network, lambda: loss(next(batches)), optimizer, steps, name, schedule, every=every, verbose=verbose
    )
