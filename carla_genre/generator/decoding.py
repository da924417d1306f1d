"""Decoding feature by feature: a position is computed once, and its keys and values are kept.

Shapes: B rows, N answers a row, D features, K_j bins of feature j, E embedding, H heads; R branches.

Answers of one row that have been the same so far are one branch and computed once: all are one at the first
feature, and they part where different bins are drawn. At a high temperature most never part.
"""

from __future__ import annotations

import torch
from torch import Tensor

from carla_genre.generator.transformer import KeyValue, RecourseTransformer, blocks_of


class Decoding:
    """A decoder that writes N answers to each of B factuals, one feature after the other.

    For each feature in turn call :meth:`logits`, or :meth:`pass_over` where its bin is given; then :meth:`follow`.

    Parameters
    ----------
    model : RecourseTransformer
    factual, factual_value : Tensor (B, D)
        Bins and values; each row is read once.
    n : int
        N.
    share : bool
        Whether equal answers are one branch. Without it there are B * N branches throughout, and no shape
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
        self.tokens, memory = model.encode(factual, factual_value)
        self.read = model.n_read if model.is_prefix else 0  # positions that the rooms begin with
        self.rooms = [self._room(side) for side in memory]
        self.memory = [] if model.is_prefix else memory
        if not share:
            self._part(rows.repeat_interleave(n))
            self.branch = torch.arange(self.owner.shape[0], device=rows.device).view(-1, n)
        self.x = model.start.expand(self.owner.shape[0], -1)  # (R, E), what the position is told

    def _room(self, side: KeyValue) -> KeyValue:
        """Space for all keys and values of one block, (R, H, T, E/H), a prefix model's factual filled in."""
        batch, heads, _, width = side.key.shape
        shape = batch, heads, self.read + self.model.n_written, width
        room = KeyValue(side.key.new_zeros(shape), side.value.new_zeros(shape))
        if self.read:
            room.key[:, :, : self.read], room.value[:, :, : self.read] = side
        return room

    def logits(self) -> Tensor:
        """Each branch's logits over the feature's own bins, (R, K_j)."""
        return self.model.head.single(self.model.decoder_norm(self._advance()), self.feature)

    def pass_over(self) -> None:
        """Keep the keys and values of a feature whose logits nobody needs."""
        self._advance(to_the_top=False)

    def _advance(self, to_the_top: bool = True) -> Tensor:
        """Run the position through the blocks, all but the last one's output if that is not needed: (R, E)."""
        model = self.model
        x = self.x + model.answer_position[self.feature]
        if model.is_prefix and model.reads:
            x = x + self.tokens[self.owner, self.feature]
        return self._through(x, self.feature, to_the_top)

    def _through(self, x: Tensor, position: int, to_the_top: bool = True) -> Tensor:
        """The answer's position (R, E) through the blocks, which keep its keys and values: (R, E)."""
        model, place = self.model, self.read + position
        x = x.unsqueeze(1)  # (R, 1, E)
        for number, block in enumerate(blocks_of(model.decoder)):
            room = self.rooms[number]
            room.key[:, :, place : place + 1], room.value[:, :, place : place + 1] = block.keys(x)
            if number + 1 < len(self.rooms) or to_the_top:
                seen = KeyValue(*(part[:, :, : place + 1] for part in room))
                x = block(x, seen, None, self.memory[number] if self.memory else None)
        return x[:, 0]

    def follow(self, chosen: Tensor, representatives: Tensor) -> None:
        """Go on to the next feature.

        Parameters
        ----------
        chosen : Tensor (B, N), long
            Each answer's bin of this feature.
        representatives : Tensor (K_j or more,)
            What its bins say.
        """
        index = chosen.flatten()
        if self.share:
            n_bins = len(representatives)
            distinct, self.branch = torch.unique(self.branch * n_bins + chosen, return_inverse=True)
            index = distinct % n_bins
            if len(distinct) > len(self.owner):
                self._part(distinct // n_bins)
        self.x = self.model.answer_embedding.single(index, representatives[index].float(), self.feature)
        self.feature += 1

    def _part(self, parent: Tensor) -> None:
        """Continue with a copy of branch ``parent[r]`` as branch r."""
        self.owner = self.owner[parent]
        self.rooms, self.memory = (
            [KeyValue(*(part.index_select(0, parent) for part in kept)) for kept in side]
            for side in (self.rooms, self.memory)
        )


def bytes_an_answer(model: RecourseTransformer) -> int:
    """The most memory that an answer's keys and values take while it is written."""
    positions = model.n_read + model.n_written
    return len(model.decoder) * 2 * positions * len(model.start) * model.start.element_size()
