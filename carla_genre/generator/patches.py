"""Patches: several features share one position, for data with many features.

At D features the decoder has D positions, and attention grows with their square. With patches a position stands for
P features. The blocks see the sum of a patch's embeddings. A small network then writes the features of the patch one
after the other, as MEGABYTE (Yu et al., NeurIPS 2023) writes the bytes of a patch. R(x+|x) is still a product over
the features.

Shapes: B rows, D features, P features a patch, T = ceil(D / P) patches, E embedding; R branches.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from carla_genre.generator.config import Architecture
from carla_genre.generator.decoding import Decoding
from carla_genre.generator.transformer import RecourseTransformer


class PatchedTransformer(RecourseTransformer):
    """A transformer of kind "summary" whose positions are patches of ``config.patch`` features."""

    def __init__(self, config: Architecture, factual_bins: int, exists: Tensor) -> None:
        super().__init__(config, factual_bins, exists)
        self.patch = config.patch
        self.n_positions = math.ceil(self.n_features / self.patch)
        self.patch_position = nn.Parameter(torch.randn(self.n_positions, config.embedding) * 0.02)
        self.within_norm = nn.LayerNorm(config.embedding)
        self.within = nn.Sequential(
            nn.Linear(config.embedding, config.feed_forward),
            nn.GELU() if config.activation == "gelu" else nn.ReLU(),
            nn.Linear(config.feed_forward, config.embedding),
        )

    def forward(self, factual: Tensor, factual_value: Tensor, answer: Tensor, answer_value: Tensor) -> Tensor:
        """As :meth:`RecourseTransformer.forward`: (B, D) four times -> (B, D, K)."""
        tokens, _ = self.encode(factual, factual_value)
        assert tokens is not None  # kind "summary"
        parts = self.split(self.answer_embedding(answer, answer_value))  # (B, T, P, E)
        start = self.start.expand(parts.shape[0], 1, -1)
        x = torch.cat([start, parts.sum(2)[:, :-1]], dim=1)  # a patch sees the one before it
        x = self.dropout(x + self.patch_position) + self.split(tokens).sum(2)
        x = self.decode(x, []).unsqueeze(2)  # (B, T, 1, E)
        x = x + parts.cumsum(2) - parts  # a feature also sees those before it in its own patch
        x = x.flatten(1, 2)[:, : self.n_features]
        logits: Tensor = self.head(self.decoder_norm(self.refine(x + self.answer_position + tokens)))
        return logits

    def refine(self, x: Tensor) -> Tensor:
        """The network within a patch, with its residual: (..., E) -> (..., E)."""
        refined: Tensor = x + self.within(self.within_norm(x))
        return refined

    def split(self, x: Tensor) -> Tensor:
        """Split features into patches, the last one padded with zeros: (B, D, E) -> (B, T, P, E)."""
        absent = self.n_positions * self.patch - self.n_features
        patches: Tensor = F.pad(x, (0, 0, 0, absent)).unflatten(1, (self.n_positions, self.patch))
        return patches


class PatchedDecoding(Decoding):
    """Decoding that runs the blocks once a patch."""

    model: PatchedTransformer
    tokens: Tensor

    def __init__(
        self, model: PatchedTransformer, factual: Tensor, factual_value: Tensor, n: int, share: bool = True
    ) -> None:
        super().__init__(model, factual, factual_value, n, share)
        self.patch_tokens = model.split(self.tokens).sum(2)  # (B, T, E)
        self.output = self.x  # (R, E), the blocks' output for this patch
        self.written = torch.zeros_like(self.x)  # (R, E), the sum of this patch's embeddings so far

    def skip(self) -> None:
        """Run the blocks if a patch begins here, since its other features need their output."""
        self._run()

    def _run(self, last_block: bool = True) -> Tensor:
        model = self.model
        patch, index = divmod(self.feature, model.patch)
        if index == 0:
            x = (self.written if patch else self.x) + model.patch_position[patch]
            self.output = self._run_blocks(x + self.patch_tokens[self.owner, patch], patch)
            self.written = torch.zeros_like(self.output)
        own = self.tokens[self.owner, self.feature] + model.answer_position[self.feature]
        return model.refine(self.output + self.written + own)

    def append(self, chosen: Tensor, representatives: Tensor) -> None:
        """Append the feature's bins to the answers; see :meth:`Decoding.append`."""
        super().append(chosen, representatives)
        self.written = self.written + self.x

    def _fork(self, parent: Tensor) -> None:
        self.output, self.written = (self._forked(part, parent) for part in (self.output, self.written))
        super()._fork(parent)


def make_decoding(
    model: RecourseTransformer, factual: Tensor, factual_value: Tensor, n: int, share: bool = True
) -> Decoding:
    """The decoding that fits a model, with the parameters of :class:`Decoding`."""
    if isinstance(model, PatchedTransformer):
        return PatchedDecoding(model, factual, factual_value, n, share)
    return Decoding(model, factual, factual_value, n, share)
