"""h miscalibrated: the paper's network with its logit multiplied, which decides as before with other confidences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from carla_genre.protocol.cache import default_folder
from carla_genre.protocol.classifier import ProtocolClassifier, TwoClasses
from carla_genre.protocol.classifiers import PAPER_CLASSIFIER, train_by_name

if TYPE_CHECKING:
    from carla_genre.datasets.catalog import FrameCatalog

FACTOR = 3.0


class Multiplied(nn.Module):
    """A logit times a constant, (B, d) -> (B, 1)."""

    def __init__(self, logit: nn.Module, factor: float) -> None:
        super().__init__()
        self.logit, self.factor = logit, factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logit: torch.Tensor = self.factor * self.logit(x)
        return logit


def surer(data: FrameCatalog, columns: Sequence[str], balanced: bool, seed: int) -> ProtocolClassifier:
    """The protocol's h with its logit times ``FACTOR``: too sure of what it says."""
    return _multiplied(FACTOR, data, columns, balanced, seed)


def less_sure(data: FrameCatalog, columns: Sequence[str], balanced: bool, seed: int) -> ProtocolClassifier:
    """The protocol's h with its logit divided by ``FACTOR``: not as sure as it could be."""
    return _multiplied(1 / FACTOR, data, columns, balanced, seed)


def _multiplied(
    factor: float, data: FrameCatalog, columns: Sequence[str], balanced: bool, seed: int
) -> ProtocolClassifier:
    """The very network that the protocol trains, read from where it is kept by default."""
    h = train_by_name(PAPER_CLASSIFIER, data, columns, balanced, seed, default_folder()).mlmodel
    return ProtocolClassifier(data, columns, TwoClasses(Multiplied(h.raw_model.logit, factor)))
