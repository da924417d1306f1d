"""NICE: the nearest accepted row, of which only what h needs is taken over."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from carla_genre.methods.baselines.nearest_rows import cheapest_allowed
from carla_genre.methods.core.base import MethodOptions
from carla_genre.methods.core.telling import ToldMethod
from carla_genre.methods.core.training_loop import train
from carla_genre.options import option
from carla_genre.schema import Relaxation

# Of a reward: the last bits of h depend on how many rows are asked about at a time, and a choice must not.
DECIMALS = 6


@dataclass(frozen=True)
class NICEOptions(MethodOptions):
    reward: str = option(
        "proximity",
        'What a step gains: "sparsity" the rise of h, "proximity" the rise of h by the cost added, "plausibility" the '
        'rise of h times the fall of an autoencoder\'s error. "none": the whole neighbour is the answer.',
        ("sparsity", "proximity", "plausibility", "none"),
    )
    justified: bool = option(True, "Neighbours have label 1, besides being accepted by h.")
    hidden: int = option(32, 'Units of the autoencoder\'s hidden layers, with "plausibility".', "[1, inf)")
    latent: int = option(8, "Numbers that it squeezes a row to.", "[1, inf)")
    steps: int = option(1000, "Its training steps.", "[0, inf)")
    batch_size: int = option(256, "Rows a step.", "[1, inf)")
    learning_rate: float = option(2e-3, "Of Adam.", "(0, inf)")


class NICE(ToldMethod):
    """From the nearest unlike neighbour one feature after the other is taken over, until h accepts.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend; a black box.
    hyperparams : mapping, optional
        The options below.

    Raises
    ------
    InputError
        A hyperparameter is wrong, or h accepts no training row (of label 1).

    Notes
    -----
    Brughmans, Leyman and Martens, "NICE: an algorithm for nearest instance counterfactual explanations" (2023, arXiv
    2104.07411), from its text. From x_0 = x, the hybrid x_i has one more feature of the neighbour n than x_(i-1): of
    all such hybrids the one of the highest reward,

        sparsity      h(x_i) - h(x_(i-1))
        proximity     (h(x_i) - h(x_(i-1))) / (d(x, x_i) - d(x, x_(i-1)))
        plausibility  (h(x_i) - h(x_(i-1))) (e(x_(i-1)) - e(x_i))

    until h > .5, which it is at n at the latest. d is the distance of mixed rows, here the cost of this package: L1 of
    scaled numbers and 1 for a changed category. e is the mean squared error of an autoencoder of the training rows.

    Ours: the neighbour is the nearest of the rows that the person's constraints allow, and then every hybrid holds
    them as well. A person with no such row has no answer. All people take their steps together.
    """

    OPTIONS = NICEOptions()

    def _prepare(self) -> None:
        rows = self.training_rows
        self._targets = rows.values[
            rows.accepted(0.5) if self.hyperparams["justified"] else rows.confident(0.5)
        ]
        self._autoencoder = _Autoencoder(self) if self.hyperparams["reward"] == "plausibility" else None

    def _answer(self, values: np.ndarray) -> np.ndarray:
        neighbours = cheapest_allowed(self.schema, values, self._targets)
        if self.hyperparams["reward"] == "none":
            return neighbours
        answers, h = values.copy(), self.scores(values)
        answers[np.isnan(neighbours[:, 0])] = np.nan
        active = np.arange(len(values))
        while True:
            # h of a neighbour may be above .5 among the training rows, and not here: its last bits depend on the batch.
            left = (h[active] <= 0.5) & ((answers != neighbours) & ~np.isnan(neighbours))[active].any(axis=1)
            active = active[left]
            if not len(active):
                return answers
            answers[active], h[active] = self._step(answers[active], h[active], neighbours[active])

    def _step(
        self, hybrids: np.ndarray, h: np.ndarray, neighbours: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The hybrids (B, D) with one more feature of their neighbours (B, D), and what h (B,) becomes."""
        rows, features = np.nonzero(hybrids != neighbours)
        tried = hybrids[rows]
        tried[np.arange(len(rows)), features] = neighbours[rows, features]
        scores = self.scores(tried)
        reward = np.full(hybrids.shape, -np.inf)
        reward[rows, features] = np.round(self._reward(hybrids[rows], tried, scores - h[rows]), DECIMALS)
        best = reward.argmax(axis=1)
        place = np.full(hybrids.shape, -1)
        place[rows, features] = np.arange(len(rows))
        chosen = place[np.arange(len(hybrids)), best]
        return tried[chosen], scores[chosen]

    def _reward(self, before: np.ndarray, after: np.ndarray, rise: np.ndarray) -> np.ndarray:
        """Of steps from rows (n, D) to rows (n, D), with the rise of h (n,): (n,)."""
        if self.hyperparams["reward"] == "proximity":
            rise = rise / self.schema.cost(before, after)
        elif self._autoencoder is not None:
            rise = rise * (self._autoencoder.error(before) - self._autoencoder.error(after))
        return rise


class _Autoencoder:
    """What a row loses on the way through a few numbers: high where it is unlike the training rows."""

    def __init__(self, method: NICE) -> None:
        given, rows = method.hyperparams, method.training_rows.values
        self._relaxation, self._device = Relaxation(method.schema), method.device
        width, hidden, latent = self._relaxation.width, given["hidden"], given["latent"]
        sizes = (width, hidden, latent, hidden, width)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self._network = nn.Sequential(*layers[:-1]).to(self._device)
        vectors = self._vectors(rows).float()
        random = torch.Generator(self._device).manual_seed(given["seed"])

        def batch_loss() -> Tensor:
            drawn = torch.randint(len(vectors), (given["batch_size"],), generator=random, device=self._device)
            error: Tensor = (self._network(vectors[drawn]) - vectors[drawn]).square().mean()
            return error

        optimizer = torch.optim.Adam(self._network.parameters(), lr=given["learning_rate"])
        every = max(1, given["steps"] // 20)
        train(
            self._network,
            batch_loss,
            optimizer,
            given["steps"],
            "NICE",
            every=every,
            verbose=given["verbose"],
        )
        self._network.eval().double()

    def _vectors(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(self._relaxation.encode(values)).to(self._device)

    @torch.no_grad()
    def error(self, values: np.ndarray) -> np.ndarray:
        """Mean squared error of encoded rows (n, D): (n,)."""
        vectors = self._vectors(values)
        error: np.ndarray = (self._network(vectors) - vectors).square().mean(dim=1).cpu().numpy()
        return error
