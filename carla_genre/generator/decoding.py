"""Decoding feature by feature: each position is computed once, its keys and values are kept.

Shapes: B rows, D features, K bins, E embedding, H heads; n answers a row.
"""

from __future__ import annotations

from torch import Tensor

from carla_genre.generator.transformer import KeyValue, RecourseTransformer, blocks_of


class DecodingCache:
    """What a decoder remembers while it writes the answer feature by feature.

    Parameters
    ----------
    model : RecourseTransformer
    factual, factual_value : Tensor (B, D)
        Each row is read once and answered ``n`` times; answers' batch is B * n, rows together.
    """

    def __init__(self, model: RecourseTransformer, factual: Tensor, factual_value: Tensor, n: int) -> None:
        self.model = model
        tokens, memory = model.encode(factual, factual_value)
        self.tokens = tokens.repeat_interleave(n, 0)
        self.memory = [KeyValue(*(part.repeat_interleave(n, 0) for part in side)) for side in memory]
        self.seen = model.n_read if model.is_prefix else 0
        self.keys = [self._room(side) for side in self.memory]

    def _room(self, side: KeyValue) -> KeyValue:
        """Space for all keys and values of one block, the factual's filled in for a prefix model."""
        batch, heads, _, width = side.key.shape
        length = self.seen + self.model.n_features
        room = KeyValue(*(part.new_empty(batch, heads, length, width) for part in side))
        if self.seen:
            room.key[:, :, : self.seen], room.value[:, :, : self.seen] = side.key, side.value
        return room

    def step(self, feature: int, previous: Tensor | None, previous_value: Tensor | None) -> Tensor:
        """Logits (B * n, K) of ``feature`` from the bins and values (B * n,) of the one before it."""
        model = self.model
        if previous is None or previous_value is None:
            x = model.start.expand(len(self.tokens), -1)
        else:
            x = model.answer_embedding.single(previous, previous_value, feature - 1)
        x = x + model.answer_position[feature]
        if model.is_prefix and model.n_read:
            x = x + self.tokens[:, feature]
        x = x.unsqueeze(1)  # (B * n, 1, E)
        for block, room, side in zip(blocks_of(model.decoder), self.keys, self.memory, strict=True):
            new = block.keys(x)
            room.key[:, :, self.seen : self.seen + 1] = new.key
            room.value[:, :, self.seen : self.seen + 1] = new.value
            keys = KeyValue(room.key[:, :, : self.seen + 1], room.value[:, :, : self.seen + 1])
            x = block(x, keys) if model.is_prefix else block(x, keys, None, side)
        self.seen += 1
        return model.head.single(model.decoder_norm(x[:, 0]), feature)
