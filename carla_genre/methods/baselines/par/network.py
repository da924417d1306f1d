"""The amortised generator of PAR: factual and neighbourhood in, recourse out, in one forward pass."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from carla_genre.schema import Relaxation

# A continuous feature changes by what its proposal is beyond this, in scaled units: small ones are left alone.
SHRINKAGE = 0.01
# A level that no neighbour has starts with this share.
LEAST_SHARE = 0.02


@dataclass(frozen=True)
class Task:
    """What the generator is given of B factuals, as relaxed vectors.

    ``factual``, ``lower``, ``upper`` (B, W); ``neighbours`` (B, K, W), accepted rows near each; ``weights``
    (B, K), which sum to 1 a row, or are all 0 for a factual without any; ``indices`` (B, K) of the neighbours
    among the accepted rows.
    """

    factual: Tensor
    lower: Tensor
    upper: Tensor
    neighbours: Tensor
    weights: Tensor
    indices: Tensor

    def rows(self, indices: Tensor) -> Task:
        """Of some of the factuals."""
        return Task(**{name: part[indices] for name, part in vars(self).items()})

    def __len__(self) -> int:
        """How many factuals."""
        return len(self.factual)


class RecourseNetwork(nn.Module):
    """Starts from the neighbourhood's weighted mean; what is learned is the deviation from it.

    A continuous number is x + shrink(mean + change - x), where shrink moves towards 0 by ``SHRINKAGE`` and
    stops there: a small change is none, exactly. A category is a point of its levels' simplex, a soft one in
    training: a circuit's likelihood is linear in it, so that its maximum is at a level, and nothing is won
    between levels. Each hidden layer has ``hidden`` units, E.
    """

    binary: Tensor

    def __init__(self, relaxation: Relaxation, hidden: int) -> None:
        super().__init__()
        features, width = relaxation.schema.features, relaxation.width
        binary = [f.levels is not None and len(f.levels) <= 2 for f in features]
        self.register_buffer("binary", torch.tensor(binary)[torch.from_numpy(relaxation.feature)])
        self.groups = [part for part in relaxation.slices if part.stop - part.start > 1]
        self.neighbour = _layers(2 * width, hidden, hidden)
        self.body = _layers(3 * width + hidden, hidden, hidden, hidden)
        self.head = nn.Linear(hidden, width)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, task: Task) -> Tensor:
        """One answer a factual, within its bounds: (B, W).

        In training mode categories are soft, else they are levels.
        """
        x, weights = task.factual, task.weights.unsqueeze(-1)
        has_neighbours = task.weights.sum(1, keepdim=True) > 0
        mean = torch.where(has_neighbours, (weights * task.neighbours).sum(1), x)
        pairs = torch.cat([x.unsqueeze(1).expand_as(task.neighbours), task.neighbours], dim=-1)
        summary = (weights * self.neighbour(pairs)).sum(1)  # (B, E)
        change = self.head(self.body(torch.cat([x, mean, mean - x, summary], dim=-1)))
        answer = x + nn.functional.softshrink(mean + change - x, SHRINKAGE)
        chance = torch.sigmoid(mean.clamp(LEAST_SHARE, 1 - LEAST_SHARE).logit() + change)
        answer = torch.where(self.binary, chance if self.training else chance.round(), answer)
        for part in self.groups:
            level = mean[:, part].clamp_min(LEAST_SHARE).log() + change[:, part]
            if self.training:
                answer[:, part] = level.softmax(-1)
            else:
                answer[:, part] = nn.functional.one_hot(level.argmax(-1), level.shape[-1]).to(level)
        return torch.minimum(torch.maximum(answer, task.lower), task.upper)


def _layers(*widths: int) -> nn.Sequential:
    pairs = itertools.pairwise(widths)
    return nn.Sequential(*(part for i, o in pairs for part in (nn.Linear(i, o), nn.ReLU())))
