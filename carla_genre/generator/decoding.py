"""Decoding feature by feature: a position is computed once, and its keys and values are cached.

Shapes: B rows, N answers a row, D features, K_j bins of feature j, E embedding, H heads; R branches.

Answers of one row that are the same so far are one branch, which is computed once. All are one branch at the first
feature, and a branch forks where different bins are drawn. At a high temperature most never fork. The first child stays
where its parent is, so that only the others are copied, to the places after those in use.

What a row gets must not depend on the company, to the bit: each row's attention is computed apart, and there are never
fewer than :data:`LEAST_ROWS` rows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from carla_genre.generator.step import Step
from carla_genre.generator.transformer import KeyValue, RecourseTransformer, blocks_of

# On a processor a matrix product of fewer rows may sum in another order, and its rows differ in their last bits: of
# fewer than 4 rows with one thread, than 28 with 16.
LEAST_ROWS = 64


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
        n_rows = factual.shape[0]
        self.used = n_rows if share else n_rows * n  # branches with answers; others only fill up LEAST_ROWS
        spare = max(0, LEAST_ROWS - n_rows) if share else 0
        factual, factual_value = (
            torch.cat([part, part[-1:].expand(spare, -1)]) if spare else part
            for part in (factual, factual_value)
        )
        rows = torch.arange(n_rows, device=factual.device)
        self.owner = torch.cat([rows, rows[-1:].expand(spare)]) if spare else rows
        self.branch = rows.unsqueeze(1).expand(-1, n)
        self.tokens, memory = model.encode(factual, factual_value)
        self.steps = [Step(block) for block in blocks_of(model.decoder)]
        room = max(n_rows * n, n_rows + spare)
        self.cache = [self._empty_cache(room) for _ in model.decoder]
        if share:
            self.memory = [KeyValue(*(_with_room(part, room) for part in side)) for side in memory]
        else:
            self.owner = rows.repeat_interleave(n)
            self.memory = [KeyValue(*(part[self.owner] for part in side)) for side in memory]
            self.branch = torch.arange(n_rows * n, device=rows.device).view(-1, n)
        self.x = model.start.expand(self.owner.shape[0], -1)  # (R, E), the position's input

    def _empty_cache(self, n_rows: int) -> KeyValue:
        """Space for the keys and values of all positions of one block, (B * N, H, T, E/H)."""
        model = self.model
        shape = n_rows, model.config.heads, model.n_positions, len(model.start) // model.config.heads
        return KeyValue(model.start.new_empty(shape), model.start.new_empty(shape))

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
        for number, step in enumerate(self.steps):
            memory = self.memory[number] if self.memory else None
            if last_block or number + 1 < len(self.steps):
                x = step(x, self.cache[number], position, memory)
            else:
                step.keep(x, self.cache[number], position)
        return x

    def append(self, chosen: Tensor, representatives: Tensor) -> None:
        """Append each answer's bin of this feature (B, N), long, and go on to the next feature.

        ``representatives`` (K_j or more,) are the values of the feature's bins.
        """
        index = chosen.flatten()
        if self.share and self.used == len(index):  # every answer has a branch of its own by now
            index = torch.zeros_like(self.owner).scatter(0, self.branch.flatten(), index)
        elif self.share:
            n_bins = len(representatives)
            distinct, child = torch.unique(self.branch * n_bins + chosen, return_inverse=True)
            parent = distinct // n_bins  # sorted: the children of a branch lie next to each other
            further = torch.nn.functional.pad(parent[1:] == parent[:-1], (1, 0))
            place = torch.where(further, self.used - 1 + further.cumsum(0), parent)
            self._fork(parent[further])
            self.branch, index = place[child], torch.zeros_like(self.owner)
            index[place] = distinct % n_bins
        self.x = self.model.answer_embedding.single(index, representatives[index].float(), self.feature)
        self.feature += 1

    def _fork(self, parent: Tensor) -> None:
        """Put copies of the branches ``parent`` (F,) after those in use."""
        if not len(parent):
            return
        written = min(self.feature + 1, self.model.n_positions)
        self.owner = self._forked(self.owner, parent)
        new = slice(self.used, self.used + len(parent))
        for kept in self.cache:
            for part in kept:
                part[new, :, :written] = part[parent, :, :written]
        for side in self.memory:
            for part in side:
                part[new] = part[parent]
        self.used = new.stop

    def _forked(self, part: Tensor, parent: Tensor) -> Tensor:
        """What the branches have (R, ...), with copies of ``parent`` (F,) after those in use."""
        return torch.cat([part[: self.used], part[parent], part[self.used + len(parent) :]])


def _with_room(rows: Tensor, n: int) -> Tensor:
    """The rows (B, ...) at the beginning of space for at least n rows."""
    room = rows.new_empty(max(n, len(rows)), *rows.shape[1:])
    room[: len(rows)] = rows
    return room


def bytes_per_answer(model: RecourseTransformer) -> int:
    """The most memory that an answer's keys and values take while it is written."""
    positions = model.n_positions + (model.n_features if model.has_encoder else 0)
    return len(model.decoder) * 2 * positions * len(model.start) * model.start.element_size()
