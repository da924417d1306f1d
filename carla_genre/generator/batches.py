"""Which rows a step learns from, and which are held out."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from carla_genre.generator.config import Training


class Batches:
    """The denied rows, split once; every one of the training rows once an epoch, in a new order each time.

    ``random`` decides the split, into indices ``held_out`` and ``train_rows``, and every order. A pass over the
    training rows has ``per_epoch`` batches; the last one may be short.
    """

    def __init__(self, n_rows: int, config: Training, random: torch.Generator) -> None:
        self.size, self.random = config.batch_size, random
        order = torch.randperm(n_rows, generator=random, device=random.device)
        n_held_out = min(math.ceil(n_rows * config.validation), n_rows - 1)
        self.held_out, self.train_rows = order[:n_held_out], order[n_held_out:]
        self.per_epoch = math.ceil(len(self.train_rows) / self.size)
        self.queue = self.train_rows[:0]  # what is left of this epoch

    def next(self) -> Tensor:
        """Indices of the next batch's rows."""
        if len(self.queue) == 0:
            order = torch.randperm(len(self.train_rows), generator=self.random, device=self.train_rows.device)
            self.queue = self.train_rows[order]
        rows, self.queue = self.queue[: self.size], self.queue[self.size :]
        return rows
