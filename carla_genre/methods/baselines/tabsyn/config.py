"""TabSyn's sizes and budgets."""

from __future__ import annotations

from dataclasses import dataclass

from carla_genre.options import option


@dataclass(frozen=True)
class TabSynSizes:
    """What a user may choose of a TabSyn."""

    token: int = option(4, "Numbers a feature in the latent space.", "[1, inf)")
    layers: int = option(
        2, "Transformer layers of each of the VAE's two encoders and of its decoder.", "[1, inf)"
    )
    width: int = option(
        256, "Of the denoiser, even; its two inner layers have twice as many (TabSyn: 1024).", "[2, inf)"
    )
    vae_steps: int = option(2000, "Gradient steps of the VAE (TabSyn: 4,000 epochs).", "[1, inf)")
    diffusion_steps: int = option(
        3000, "Gradient steps of the diffusion (TabSyn: up to 10,000 epochs).", "[1, inf)"
    )
    batch_size: int = option(256, "Most rows a step (TabSyn: 4,096).", "[1, inf)")


@dataclass(frozen=True)
class TabSynConfig(TabSynSizes):
    """How a TabSyn is built and trained: in two to four minutes of one processor core on GenRe's data sets."""

    # Width of the transformers' feed-forward layers.
    feedforward: int = 128
    # Adam's, falling to zero along a cosine.
    learning_rate: float = 1e-3
    # The weight of the KL term is multiplied by the decay, down to the least, after ``patience`` checks (200 in a
    # training) in which the reconstruction has not become better.
    largest_beta: float = 1e-2
    least_beta: float = 1e-5
    beta_decay: float = 0.7
    patience: int = 5
