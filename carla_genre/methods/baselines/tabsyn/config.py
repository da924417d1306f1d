"""TabSyn's sizes and budgets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TabSynConfig:
    """How a TabSyn is built and trained.

    The published sizes are ``width=1024``, and 4,000 epochs of the VAE and 10,000 of the diffusion in
    batches of 4,096; those here take two to four minutes of one processor core on GenRe's data sets.

    Parameters
    ----------
    token : int
        Numbers a feature in the latent space.
    layers : int
        Transformer layers of each of the two encoders and of the decoder.
    feedforward : int
        Width of their feed-forward layers.
    width : int
        Of the denoiser; its two inner layers have twice as many.
    vae_steps, diffusion_steps : int
        Gradient steps.
    batch_size : int
        Rows a step, at most.
    learning_rate : float
        Adam's, falling to zero along a cosine.
    largest_beta, least_beta, beta_decay, patience
        The weight of the KL term, what it is multiplied by after ``patience`` checks (200 in a training) in
        which the reconstruction has not become better, and its end.
    """

    token: int = 4
    layers: int = 2
    feedforward: int = 128
    width: int = 256
    vae_steps: int = 2000
    diffusion_steps: int = 3000
    batch_size: int = 256
    learning_rate: float = 1e-3
    largest_beta: float = 1e-2
    least_beta: float = 1e-5
    beta_decay: float = 0.7
    patience: int = 5
