"""Decoding feature by feature: a position is computed once, and its keys and values are cached.

Shapes: B rows, N answers a row, D features, K_j bins of feature j, E embedding, H heads; R branches.

Answers of one row that are the same so far are one branch, which is computed once. All are one branch at the first
feature, and a branch forks where different bins are drawn. At a high temperature most never fork.
"""

from __future__ import annotations

import torch
from torch import Tensor

from carla_genre.generator.transformer import KeyValue, RecourseTransformer, blocks_of


class Decoding:
    """Writes N answers to each of B factuals, one feature after the other.

    For each feature in turn call :meth:`logits`, or :meth:`skip` where its bin is given; then :meth:`append`.

    Parameters
    ----------
    model : RecourseTransformer
    factual, factual_value : Tensor (B, D)
        Bins and values; each row is read once.
    n : int
        N.
    share : bool
        Whether equal answers share a branch. Without it there are B * N branches throughout, and no shape
        depends on what is drawn.

    Attributes
    ----------
    branch : Tensor (B, N), long
        Each answer's branch.
    owner : Tensor (R,), long
        Each branch's row.
    """

    def __init__(
        self, model: RecourseTransformer, factual: Tensor, factual_value: Tensor, n: int, share: bool = True
    ) -> None:
        self.model, self.share, self.feature = model, share, 0
        rows = torch.arange(factual.shape[0], device=factual.device)
        self.owner, self.branch = rows, rows.unsqueeze(1).expand(-1, n)
        self.tokens, self.memory = model.encode(factual, factual_value)
        self.cache = [self._empty_cache(factual.shape[0]) for _ in model.decoder]
        if not share:
            self._fork(rows.repeat_interleave(n))
            self.branch = torch.arange(self.owner.shape[0], device=rows.device).view(-1, n)
        self.x = model.start.expand(self.owner.shape[0], -1)  # (R, E), the position's input

    def _empty_cache(self, n_rows: int) -> KeyValue:
        """Space for the keys and values of all positions of one block, (R, H, T, E/H)."""
        model = self.model
        shape = n_rows, model.config.heads, model.n_positions, len(model.start) // model.config.heads
        return KeyValue(model.start.new_zeros(shape), model.start.new_zeros(shape))

    def logits(self) -> Tensor:
        """Each branch's logits over the feature's own bins, (R, K_j)."""
        return self.model.head.single(self.model.decoder_norm(self._run()), self.feature)

    def skip(self) -> None:
        """Cache the keys and values of a feature whose logits nobody needs."""
        self._run(last_block=False)

    def _run(self, last_block: bool = True) -> Tensor:
        """Run the feature's position through the blocks, as far as its output or only its keys are needed: (R, E)."""
        x = self.x + self.model.answer_position[self.feature]
        if self.tokens is not None:
            x = x + self.tokens[self.owner, self.feature]
        return self._run_blocks(x, self.feature, last_block)

    def _run_blocks(self, x: Tensor, position: int, last_block: bool = True) -> Tensor:
        """One position (R, E) through the blocks, which cache its keys and values: (R, E)."""
        x, end = x.unsqueeze(1), position + 1  # (R, 1, E)
        for number, block in enumerate(blocks_of(self.model.decoder)):
            cache = self.cache[number]
            cache.key[:, :, position:end], cache.value[:, :, position:end] = block.keys(x)
            if last_block or number + 1 < len(self.cache):
                seen = KeyValue(cache.key[:, :, :end], cache.value[:, :, :end])
                x = block(x, seen, None, self.memory[number] if self.memory else None)
        return x[:, 0]

    def append(self, chosen: Tensor, representatives: Tensor) -> None:
        """Append each answer's bin of this feature (B, N), long, and go on to the next feature.

        ``representatives`` (K_j or more,) are the values of the feature's bins.
        """
        index = chosen.flatten()
        if self.share:
            n_bins = len(representatives)
            distinct, self.branch = torch.unique(self.branch * n_bins + chosen, return_inverse=True)
            index = distinct % n_bins
            if len(distinct) > len(self.owner):
                self._fork(distinct // n_bins)
        self.x = self.model.answer_embedding.single(index, representatives[index].float(), self.feature)
        self.feature += 1

    def _fork(self, parent: Tensor) -> None:
        """Continue with a copy of branch ``parent[r]`` as branch r."""
        self.owner = self.owner[parent]
        self.cache, self.memory = (
            [KeyValue(*(part.index_select(0, parent) for part in kept)) for kept in side]
            for side in (self.cache, self.memory)
        )


def bytes_per_answer(model: RecourseTransformer) -> int:
    """The most memory that an answer's keys and values take while it is written."""
    positions = model.n_positions + (model.n_features if model.has_encoder else 0)
    return len(model.decoder) * 2 * positions * len(model.start) * model.start.element_size()
