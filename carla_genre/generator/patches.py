"""Several features a position, for people of many features: a patch is read and written as one.

At D features the decoder has 2D positions and attention grows with their square. Here a position stands for P features:
the blocks see the sums of a patch's embeddings, and a small network writes the features of a patch one after the other,
as a byte is written within a patch by Yu et al. (MEGABYTE, NeurIPS 2023). R(x+|x) stays a product over the features.

Shapes: B rows, D features, P features a patch, T = ceil(D / P) patches, E embedding; R branches.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from carla_genre.generator.config import Architecture
from carla_genre.generator.decoding import Decoding
from carla_genre.generator.transformer import KeyValue, RecourseTransformer


class PatchedTransformer(RecourseTransformer):
    """Positions are patches of ``config.patch`` features; of kind "summary" or "prefix"."""

    def __init__(self, config: Architecture, factual_bins: int, exists: Tensor) -> None:
        super().__init__(config, factual_bins, exists)
        self.patch = config.patch
        self.n_written = math.ceil(self.n_features / self.patch)
        self.n_read = min(self.n_read, self.n_written)
        self.patch_position = nn.Parameter(torch.randn(self.n_written, config.embedding) * 0.02)
        self.within_norm = nn.LayerNorm(config.embedding)
        self.within = nn.Sequential(
            nn.Linear(config.embedding, config.feed_forward),
            nn.GELU() if config.activation == "gelu" else nn.ReLU(),
            nn.Linear(config.feed_forward, config.embedding),
        )

    def forward(self, factual: Tensor, factual_value: Tensor, answer: Tensor, answer_value: Tensor) -> Tensor:
        """As :meth:`RecourseTransformer.forward`: (B, D) four times -> (B, D, K)."""
        tokens, memory = self.encode(factual, factual_value)
        parts = self._parts(self.answer_embedding(answer, answer_value))  # (B, T, P, E)
        start = self.start.expand(parts.shape[0], 1, -1)
        x = torch.cat([start, parts.sum(2)[:, :-1]], dim=1)  # a patch sees the one before it
        x = self.dropout(x + self.patch_position) + self.folded(tokens)
        x = self._written(x, memory).unsqueeze(2)  # (B, T, 1, E)
        x = (x + parts.cumsum(2) - parts).flatten(1, 2)[
            :, : self.n_features
        ]  # and what is before j in its own patch
        return self.head(self.decoder_norm(self.finished(x + self.answer_position + tokens)))

    def finished(self, x: Tensor) -> Tensor:
        """From what a feature is told (..., E) to what its bins are told from."""
        return x + self.within(self.within_norm(x))

    def folded(self, x: Tensor) -> Tensor:
        """The sum of each patch: (B, D, E) -> (B, T, E)."""
        return self._parts(x).sum(2)

    def _parts(self, x: Tensor) -> Tensor:
        """(B, D, E) -> (B, T, P, E), the last patch filled up with zeros."""
        absent = self.n_written * self.patch - self.n_features
        return F.pad(x, (0, 0, 0, absent)).unflatten(1, (self.n_written, self.patch))

    def _read(self, x: Tensor) -> list[KeyValue]:
        return super()._read(self.folded(x) if x.shape[1] else x)


class PatchedDecoding(Decoding):
    """Decoding in which the blocks are run once a patch."""

    model: PatchedTransformer

    def __init__(
        self, model: PatchedTransformer, factual: Tensor, factual_value: Tensor, n: int, share: bool = True
    ) -> None:
        super().__init__(model, factual, factual_value, n, share)
        self.folded = model.folded(self.tokens)  # (B, T, E)
        self.output = self.x  # (R, E), the blocks' for this patch
        self.told = torch.zeros_like(self.x)  # (R, E), what of this patch is written

    def pass_over(self) -> None:
        """Run the blocks where a patch begins: its other features are written from them."""
        self._advance()

    def _advance(self, to_the_top: bool = True) -> Tensor:
        model = self.model
        patch, place = divmod(self.feature, model.patch)
        if place == 0:
            x = (self.told if patch else self.x) + model.patch_position[patch]
            self.output = self._through(x + self.folded[self.owner, patch], patch)
            self.told = torch.zeros_like(self.output)
        own = self.tokens[self.owner, self.feature] + model.answer_position[self.feature]
        return model.finished(self.output + self.told + own)

    def follow(self, chosen: Tensor, representatives: Tensor) -> None:
        """Go on to the next feature; see :meth:`Decoding.follow`."""
        super().follow(chosen, representatives)
        self.told = self.told + self.x

    def _part(self, parent: Tensor) -> None:
        super()._part(parent)
        if hasattr(self, "told"):  # the first parting, of answers that are not shared, is before these are
            self.output, self.told = self.output[parent], self.told[parent]


def decoding_of(
    model: RecourseTransformer, factual: Tensor, factual_value: Tensor, n: int, share: bool = True
) -> Decoding:
    """The decoding that fits a model, with the parameters of :class:`Decoding`."""
    if isinstance(model, PatchedTransformer):
        return PatchedDecoding(model, factual, factual_value, n, share)
    return Decoding(model, factual, factual_value, n, share)
