"""The recourse model R(x+|x) of section 4.2: an autoregressive transformer over binned features.

Shapes: B rows, D features, K bins, E embedding, H heads, T positions.

The decoder writes the answer, one position a feature. What it knows of the factual depends on the kind:

- "summary": a small network reads the whole factual and adds its output to the decoder's positions.
- "encoder-decoder": an encoder reads the factual; the decoder attends to its output (cross-attention).
- "decoder": nothing. It is P(x+) instead of R(x+|x).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from carla_genre.generator.config import Architecture


class KeyValue(NamedTuple):
    """Keys and values of one block, each (B, H, T, E/H)."""

    key: Tensor
    value: Tensor


class Attention(nn.Module):
    """Multi-head attention whose keys and values are projected apart, so that they can be kept."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.query = nn.Linear(config.embedding, config.embedding)
        self.key_value = nn.Linear(config.embedding, 2 * config.embedding)
        self.out = nn.Linear(config.embedding, config.embedding)

    def _split(self, x: Tensor) -> Tensor:
        split: Tensor = x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, T, E) -> (B, H, T, E/H)
        return split

    def project(self, x: Tensor) -> KeyValue:
        """(B, T, E) -> keys and values."""
        key, value = self.key_value(x).chunk(2, dim=-1)
        return KeyValue(self._split(key), self._split(value))

    def forward(self, x: Tensor, memory: KeyValue, mask: Tensor | None = None) -> Tensor:
        """Attend from x (B, T, E) to the memory's S positions; ``mask`` (T, S) is True where allowed."""
        dropout = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(
            self._split(self.query(x)), memory.key, memory.value, attn_mask=mask, dropout_p=dropout
        )
        attended: Tensor = self.out(mixed.transpose(1, 2).flatten(2))  # (B, H, T, E/H) -> (B, T, E)
        return attended


class Block(nn.Module):
    """Self-attention, cross-attention where there is an encoder, feed-forward; each with a residual."""

    def __init__(self, config: Architecture, cross: bool) -> None:
        super().__init__()
        self.pre_norm = config.norm == "pre"
        self.attention = Attention(config)
        self.attention_norm = nn.LayerNorm(config.embedding)
        self.cross = Attention(config) if cross else None
        self.cross_norm = nn.LayerNorm(config.embedding) if cross else None
        activation = nn.GELU() if config.activation == "gelu" else nn.ReLU()
        self.feed_forward = nn.Sequential(
            nn.Linear(config.embedding, config.feed_forward),
            activation,
            nn.Dropout(config.dropout),
            nn.Linear(config.feed_forward, config.embedding),
        )
        self.feed_forward_norm = nn.LayerNorm(config.embedding)
        self.dropout = nn.Dropout(config.dropout)

    def keys(self, x: Tensor) -> KeyValue:
        """The self-attention's keys and values of x (B, T, E)."""
        return self.attention.project(self.attention_norm(x) if self.pre_norm else x)

    def forward(
        self, x: Tensor, keys: KeyValue, mask: Tensor | None = None, memory: KeyValue | None = None
    ) -> Tensor:
        """(B, T, E) -> (B, T, E); ``keys`` are all that x may see, ``memory`` is the encoder's side."""
        x = self._residual(x, self.attention_norm, lambda y: self.attention(y, keys, mask))
        if self.cross is not None and self.cross_norm is not None and memory is not None:
            cross, side = self.cross, memory
            x = self._residual(x, self.cross_norm, lambda y: cross(y, side))
        return self._residual(x, self.feed_forward_norm, self.feed_forward)

    def _residual(
        self, x: Tensor, norm: Callable[[Tensor], Tensor], part: Callable[[Tensor], Tensor]
    ) -> Tensor:
        if self.pre_norm:
            residual: Tensor = x + self.dropout(part(norm(x)))
            return residual
        return norm(x + self.dropout(part(x)))


def blocks_of(stack: nn.ModuleList) -> Iterable[Block]:
    """Give the stack's blocks, with their type."""
    return cast("Iterable[Block]", stack)


class FeatureEmbedding(nn.Module):
    """One token a feature: its bin's row in a table, plus its value along a learned direction."""

    def __init__(self, n_features: int, n_bins: int, config: Architecture) -> None:
        super().__init__()
        tables = 1 if config.shared_tables else n_features
        self.table = nn.Embedding(tables * n_bins, config.embedding)
        self.direction = nn.Parameter(torch.randn(tables, config.embedding) * 0.02)
        nn.init.normal_(self.table.weight, std=0.02)
        offsets = torch.arange(n_features) * (0 if config.shared_tables else n_bins)
        self.register_buffer("offsets", offsets, persistent=False)

    offsets: Tensor

    def forward(self, index: Tensor, value: Tensor) -> Tensor:
        """Bins (B, T), long, and values (B, T) of the first T features -> (B, T, E)."""
        length = index.shape[1]
        tokens = self.table(index + self.offsets[:length])
        embedded: Tensor = (
            tokens + value.unsqueeze(-1) * self.direction.expand(len(self.offsets), -1)[:length]
        )
        return embedded

    def single(self, index: Tensor, value: Tensor, feature: int) -> Tensor:
        """Bin and value (B,) of one feature -> (B, E)."""
        direction = self.direction[feature if len(self.direction) > 1 else 0]
        embedded: Tensor = self.table(index + self.offsets[feature]) + value.unsqueeze(-1) * direction
        return embedded


class BinHead(nn.Module):
    """Logits over each feature's bins; a bin that a feature lacks gets -inf."""

    def __init__(self, exists: Tensor, config: Architecture) -> None:
        super().__init__()
        n_features, n_bins = exists.shape
        tables = 1 if config.shared_tables else n_features
        self.weight = nn.Parameter(torch.randn(tables, n_bins, config.embedding) * config.embedding**-0.5)
        self.bias = nn.Parameter(torch.zeros(tables, n_bins))
        self.register_buffer("missing", ~exists, persistent=False)
        self.n_bins: list[int] = exists.sum(1).tolist()  # a feature's own bins come first, then padding

    missing: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, E) -> (B, D, K)."""
        logits = torch.einsum("bde,dke->bdk", x, self.weight.expand(x.shape[1], -1, -1)) + self.bias
        return logits.masked_fill(self.missing, -torch.inf)

    def single(self, x: Tensor, feature: int) -> Tensor:
        """One feature's (B, E) -> (B, K_j): its own bins, without the padding."""
        table, size = feature if len(self.weight) > 1 else 0, self.n_bins[feature]
        return F.linear(x, self.weight[table, :size], self.bias[table, :size])


class _Summary(nn.Module):
    """A summary of the whole factual for each position, added to its own token: (B, D, E) -> (B, D, E)."""

    def __init__(self, n_features: int, config: Architecture) -> None:
        super().__init__()
        size = n_features * config.embedding
        self.mix = nn.Sequential(nn.Linear(size, config.summary), nn.GELU(), nn.Linear(config.summary, size))

    def forward(self, tokens: Tensor) -> Tensor:
        mixed: Tensor = tokens + self.mix(tokens.flatten(1)).view_as(tokens)
        return mixed


class RecourseTransformer(nn.Module):
    """R(x+|x) as a product of one categorical distribution a feature.

    Parameters
    ----------
    config : Architecture
    factual_bins : int
        Bins of a factual's features (padded over features).
    exists : Tensor (D, K), bool
        Which bins each feature of the answer has.
    """

    def __init__(self, config: Architecture, factual_bins: int, exists: Tensor) -> None:
        super().__init__()
        self.config = config
        self.n_features, n_bins = exists.shape
        self.n_positions = self.n_features
        size = self.n_features, config.embedding
        self.has_encoder = config.kind == "encoder-decoder"
        if config.kind != "decoder":
            self.factual_embedding = FeatureEmbedding(self.n_features, factual_bins, config)
            self.factual_position = nn.Parameter(torch.randn(size) * 0.02)
        self.answer_embedding = FeatureEmbedding(self.n_features, n_bins, config)
        self.answer_position = nn.Parameter(torch.randn(size) * 0.02)
        self.start = nn.Parameter(torch.randn(config.embedding) * 0.02)
        self.summary = _Summary(self.n_features, config) if config.kind == "summary" else None
        n_encoder = config.encoder_layers if self.has_encoder else 0
        self.encoder = nn.ModuleList(Block(config, cross=False) for _ in range(n_encoder))
        self.encoder_norm = nn.LayerNorm(config.embedding) if self.has_encoder else nn.Identity()
        self.decoder = nn.ModuleList(
            Block(config, cross=self.has_encoder) for _ in range(config.decoder_layers)
        )
        self.decoder_norm = nn.LayerNorm(config.embedding)
        self.head = BinHead(exists, config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, factual: Tensor, factual_value: Tensor, answer: Tensor, answer_value: Tensor) -> Tensor:
        """Logits of every feature of the answer, given the factual and the features before it.

        Parameters
        ----------
        factual, answer : Tensor (B, D), long
            Bins.
        factual_value, answer_value : Tensor (B, D), float
            Values.

        Returns
        -------
        Tensor (B, D, K)
        """
        tokens, memory = self.encode(factual, factual_value)
        shifted = self.answer_embedding(answer, answer_value)[:, :-1]  # position j sees x+_{j-1}
        start = self.start.expand(len(answer), 1, -1)
        x = self.dropout(torch.cat([start, shifted], dim=1) + self.answer_position)
        if tokens is not None:
            x = x + tokens  # position j also sees x_j, the factual's value of the same feature
        logits: Tensor = self.head(self.decoder_norm(self.decode(x, memory)))
        return logits

    def encode(self, factual: Tensor, factual_value: Tensor) -> tuple[Tensor | None, list[KeyValue]]:
        """Read the factual once.

        Returns
        -------
        tokens : Tensor (B, D, E), optional
            Of kind "summary": what is added to the decoder's positions.
        memory : list of KeyValue
            Of kind "encoder-decoder": for each decoder block, the keys and values (B, H, D, E/H) that its
            cross-attention sees. Else empty.
        """
        if self.config.kind == "decoder":
            return None, []
        x = self.dropout(self.factual_embedding(factual, factual_value) + self.factual_position)
        if self.summary is not None:
            return self.summary(x), []
        for block in blocks_of(self.encoder):
            x = block(x, block.keys(x))
        x = self.encoder_norm(x)
        return None, [block.cross.project(x) for block in blocks_of(self.decoder) if block.cross]

    def decode(self, x: Tensor, memory: list[KeyValue]) -> Tensor:
        """All positions (B, T, E) through the decoder's blocks: each sees itself, those before it and the memory."""
        mask = torch.ones(self.n_positions, self.n_positions, dtype=torch.bool, device=x.device).tril()
        for number, block in enumerate(blocks_of(self.decoder)):
            x = block(x, block.keys(x), mask, memory[number] if memory else None)
        return x
