"""TabSyn: fit to rows, sample rows like them."""

from __future__ import annotations

import copy
import logging
import math
import sys
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from carla_genre.methods.baselines.tabsyn.config import TabSynConfig
from carla_genre.methods.baselines.tabsyn.diffusion import Denoiser, denoising_loss, sample
from carla_genre.methods.baselines.tabsyn.normal_scores import NormalScores
from carla_genre.methods.baselines.tabsyn.vae import AdaptiveBeta, TokenVAE

log = logging.getLogger(__name__)

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
    config : TabSynConfig
    device : torch.device
    verbose : bool
        Show progress.

    Attributes
    ----------
    size : int
        Numbers of a latent vector, L = D * token.
    vae : TokenVAE
    denoiser : Denoiser
        Of latent vectors.

    Notes
    -----
    Latent vectors are the encoder's means, centred and halved as in TabSyn, so that their spread is about
    the .5 that the diffusion expects.
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
        _fit_denoiser(self.denoiser, (latent - self.centre) / 2, config, verbose)
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
    beta = AdaptiveBeta(config)
    every = math.ceil(config.vae_steps / CHECKS)
    since: list[Tensor] = []

    def loss(batch: Tensor) -> Tensor:
        reconstruction, divergence = vae.losses(batch)
        since.append(reconstruction.detach())
        weighted = reconstruction + beta.value * divergence
        if len(since) == every:
            beta.update(torch.stack(since).mean().item())
            since.clear()
        return weighted

    _descend(vae, loss, scores, config.vae_steps, config, "TabSyn's VAE", verbose)


def _fit_denoiser(denoiser: Denoiser, latent: Tensor, config: TabSynConfig, verbose: bool) -> None:
    def loss(batch: Tensor) -> Tensor:
        return denoising_loss(denoiser, batch)

    _descend(denoiser, loss, latent, config.diffusion_steps, config, "TabSyn's diffusion", verbose)


def _descend(
    network: nn.Module,
    loss: Callable[[Tensor], Tensor],
    rows: Tensor,
    steps: int,
    config: TabSynConfig,
    what: str,
    verbose: bool,
) -> None:
    """Adam for a number of steps, every row once an epoch in a new order."""
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    size, queue = min(config.batch_size, len(rows)), rows[:0]
    on_terminal = verbose and sys.stderr.isatty()
    with tqdm(total=steps, desc=f"train {what}", unit="step", disable=not on_terminal) as bar:
        for step in range(1, steps + 1):
            if len(queue) == 0:
                queue = rows[torch.randperm(len(rows), device=rows.device)]
            batch, queue = queue[:size], queue[size:]
            value = loss(batch)
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()
            schedule.step()
            bar.update()
            if step % max(1, steps // 10) == 0:
                shown = value.item()
                bar.set_postfix(loss=f"{shown:.3f}")
                if verbose and not on_terminal:
                    log.info("train %s: step %d of %d, loss %.4f", what, step, steps, shown)
