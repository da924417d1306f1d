"""TabSyn's VAE: a token a feature, transformers over the tokens (section 3.1 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import ReduceLROnPlateau

from carla_genre.methods.baselines.tabsyn.config import TabSynConfig


class Tokenizer(nn.Module):
    """A feature as a vector of ``token`` numbers: a number times a learned one, or a level's own; plus the feature's.

    ``levels`` are those of each of the D features, 0 for a continuous one.
    """

    continuous: Tensor
    first_level: Tensor

    def __init__(self, levels: Sequence[int], token: int) -> None:
        super().__init__()
        counts = torch.tensor(list(levels))
        self.register_buffer("continuous", counts == 0)
        self.register_buffer("first_level", (counts.cumsum(0) - counts)[counts > 0])
        self.scale = nn.Parameter(torch.empty(int((counts == 0).sum()), token).uniform_(-1, 1))
        self.level = nn.Parameter(torch.empty(int(counts.sum()), token).uniform_(-1, 1))
        self.offset = nn.Parameter(torch.empty(len(counts), token).uniform_(-1, 1))

    def forward(self, scores: Tensor) -> Tensor:
        """Normal scores and codes (B, D) -> tokens (B, D, token)."""
        continuous = self.continuous
        tokens = scores.new_empty(*scores.shape, self.offset.shape[1])
        tokens[:, continuous] = scores[:, continuous, None] * self.scale
        tokens[:, ~continuous] = self.level[scores[:, ~continuous].long() + self.first_level]
        return tokens + self.offset


class TokenVAE(nn.Module):
    """Rows of mixed types as D tokens in a smooth latent space; ``levels`` as the tokenizer takes them."""

    def __init__(self, levels: Sequence[int], config: TabSynConfig) -> None:
        super().__init__()
        self.levels = tuple(levels)
        self.tokenizer = Tokenizer(levels, config.token)
        self.mean, self.log_variance, self.decoder = (_transformer(config) for _ in range(3))
        self.heads = nn.ModuleList(nn.Linear(config.token, max(n, 1)) for n in self.levels)

    def encode(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """(B, D) -> mean and log variance, (B, D, token) each."""
        tokens = self.tokenizer(scores)
        return self.mean(tokens), self.log_variance(tokens)

    def _decode(self, latent: Tensor) -> list[Tensor]:
        """(B, D, token) -> a score (B, 1), or a logit for each level (B, levels), of each of the D features."""
        tokens = self.decoder(latent)
        return [head(tokens[:, i]) for i, head in enumerate(self.heads)]

    def reconstruct(self, latent: Tensor) -> Tensor:
        """Latent tokens (B, D, token) -> scores and codes (B, D), a category's most likely one."""
        outputs = self._decode(latent)
        columns = [
            output.argmax(1).to(latent.dtype) if n else output[:, 0]
            for n, output in zip(self.levels, outputs, strict=True)
        ]
        return torch.stack(columns, dim=1)

    def losses(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and KL losses of rows (B, D), means over rows and features.

        The reconstruction is the squared error over the continuous features plus the cross entropy over
        the categorical ones.
        """
        mean, log_variance = self.encode(scores)
        latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        outputs = self._decode(latent)
        squared, entropy = [], []
        for i, (n, output) in enumerate(zip(self.levels, outputs, strict=True)):
            if n:
                entropy.append(functional.cross_entropy(output, scores[:, i].long()))
            else:
                squared.append(functional.mse_loss(output[:, 0], scores[:, i]))
        reconstruction = sum(torch.stack(part).mean() for part in (squared, entropy) if part)
        divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).mean()
        return torch.as_tensor(reconstruction), divergence


def kl_weight(config: TabSynConfig) -> ReduceLROnPlateau:
    """The KL term's weight as a rate: large at first, for a smooth space, then smaller while that helps the rest.

    ``step(loss)`` takes the mean reconstruction loss since the last step; ``get_last_lr()[0]`` is the weight.
    """
    rate = torch.optim.SGD([torch.zeros(())], lr=config.largest_beta)
    return ReduceLROnPlateau(
        rate,
        factor=config.beta_decay,
        patience=config.patience - 1,
        threshold=0,
        min_lr=config.least_beta,
        eps=0,
    )


def _transformer(config: TabSynConfig) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(
        config.token, 1, config.feedforward, dropout=0.0, batch_first=True, norm_first=True
    )
    return nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
