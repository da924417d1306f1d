"""One position through a block while an answer is written: what :class:`Block` computes, to the bit.

One position of a few rows is so little work that calling the block's modules takes longer than their arithmetic. A step
calls none: it holds their weights. And the norm before attention is computed once, not for the keys and the query each.

Shapes: R rows, E embedding, H heads, T positions.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from carla_genre.generator.transformer import Block, KeyValue


class Step:
    """A block at one position, which keeps its keys and values.

    Parameters
    ----------
    block : Block
        Its dropout is left out.
    """

    def __init__(self, block: Block) -> None:
        attention, (first, activation, _, second) = block.attention, block.feed_forward
        self.heads, self.pre_norm, self.cross = attention.heads, block.pre_norm, block.cross
        self.activation = F.gelu if isinstance(activation, nn.GELU) else F.relu
        linears = attention.key_value, attention.query, attention.out, first, second
        self.key_value, self.query, self.out, self.first, self.second = (
            (linear.weight, linear.bias) for linear in cast("tuple[nn.Linear, ...]", linears)
        )
        norms = block.attention_norm, block.cross_norm, block.feed_forward_norm
        self.norms = [(norm.weight, norm.bias, norm.eps) for norm in norms if norm is not None]

    def keep(self, x: Tensor, kept: KeyValue, position: int) -> Tensor:
        """Write the keys and values of x (R, E) into ``kept`` (R or more, H, T, E/H); give what queries are made of."""
        normed = self._normed(x, 0) if self.pre_norm else x
        both = F.linear(normed, *self.key_value).view(x.shape[0], 2, self.heads, -1)
        kept.key[: x.shape[0], :, position], kept.value[: x.shape[0], :, position] = both[:, 0], both[:, 1]
        return normed

    def __call__(self, x: Tensor, kept: KeyValue, position: int, memory: KeyValue | None) -> Tensor:
        """(R, E) -> (R, E); ``memory`` is the encoder's side, (R or more, H, S, E/H)."""
        n, end = x.shape[0], position + 1  # len() would be a constant in an exported file
        query = F.linear(self.keep(x, kept, position), *self.query).view(n, self.heads, 1, -1)
        mixed = F.scaled_dot_product_attention(query, kept.key[:n, :, :end], kept.value[:n, :, :end])
        x = self._added(x, F.linear(mixed.reshape(x.shape), *self.out), 0)
        if self.cross is not None and memory is not None:
            read = self._normed(x, 1) if self.pre_norm else x
            x = self._added(
                x, self.cross(read.unsqueeze(1), KeyValue(*(part[:n] for part in memory)))[:, 0], 1
            )
        read = self._normed(x, -1) if self.pre_norm else x
        return self._added(x, F.linear(self.activation(F.linear(read, *self.first)), *self.second), -1)

    def _added(self, x: Tensor, part: Tensor, number: int) -> Tensor:
        return x + part if self.pre_norm else self._normed(x + part, number)

    def _normed(self, x: Tensor, number: int) -> Tensor:
        weight, bias, eps = self.norms[number]
        return torch.layer_norm(x, x.shape[-1:], weight, bias, eps)
