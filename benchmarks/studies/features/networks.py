"""Networks that were tried against many features and are no option of the generator."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from carla_genre.generator.config import Architecture
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.transformer import Attention, KeyValue, RecourseTransformer, blocks_of
from carla_genre.methods.genre.method import GenRe

N_SUMMARIES = 8


class SummaryTransformer(RecourseTransformer):
    """The answer sees a few summaries of the factual in the place of its D positions.

    Each answer's position still carries the factual's value of its own feature; what it needs of the others
    comes through summaries that learned queries draw from them, as the inducing points of a set transformer
    do (Lee et al., ICML 2019).
    """

    def __init__(self, config: Architecture, factual_bins: int, exists: Tensor) -> None:
        super().__init__(config, factual_bins, exists)
        self.n_read = N_SUMMARIES
        self.queries = nn.Parameter(torch.randn(N_SUMMARIES, config.embedding) * 0.1)
        self.pool, self.pool_norm = Attention(config), nn.LayerNorm(config.embedding)

    def _read(self, x: Tensor) -> list[KeyValue]:
        queries = self.queries.expand(x.shape[0], -1, -1)
        return super()._read(queries + self.pool(queries, self.pool.project(self.pool_norm(x))))


class LinearAttention(Attention):
    """Attention whose cost grows with the positions and not with their square (Katharopoulos et al., ICML 2020)."""

    def forward(self, x: Tensor, memory: KeyValue, mask: Tensor | None = None) -> Tensor:
        """As :meth:`Attention.forward`; with a mask the last positions of the memory are those of x, in their order."""
        query, key = (
            nn.functional.elu(part) + 1 for part in (self._split(self.query(x)), memory.key)
        )  # (B, H, T or S, e)
        products = key.unsqueeze(-1) * memory.value.unsqueeze(-2)  # (B, H, S, e, e)
        if mask is None:
            total, weight = products.sum(2, keepdim=True), key.sum(2, keepdim=True)
        else:
            length = x.shape[1]
            total, weight = products.cumsum(2)[:, :, -length:], key.cumsum(2)[:, :, -length:]
        mixed = (query.unsqueeze(-2) @ total).squeeze(-2) / (query * weight).sum(-1, keepdim=True)
        return self.out(mixed.transpose(1, 2).flatten(2))


class LinearTransformer(RecourseTransformer):
    """All attention of the blocks linear."""

    def __init__(self, config: Architecture, factual_bins: int, exists: Tensor) -> None:
        super().__init__(config, factual_bins, exists)
        for block in blocks_of(self.decoder):
            block.attention = LinearAttention(config)


class GenReWith(GenRe):
    """GenRe with another network; a subclass names it."""

    network: type[RecourseTransformer]

    def _untrained(self) -> tuple[Generator, Pairs]:
        generator, pairs = super()._untrained()
        bins = generator.answer_bins
        generator.transformer = self.network(
            generator.config.architecture, generator.factual_bins.size, bins.exists
        ).to(generator.device)
        return generator, pairs


class GenReOfSummaries(GenReWith):
    """With :class:`SummaryTransformer`."""

    network = SummaryTransformer


class GenReOfLinearAttention(GenReWith):
    """With :class:`LinearTransformer`."""

    network = LinearTransformer
