"""DiCoFlex: a conditional flow that is told mask and norm when it is asked (Furman et al., NeurIPS 2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from carla_genre.errors import InputError, MissingDependencyError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.randomness import normals, row_keys
from carla_genre.methods.core.base import MethodOptions
from carla_genre.methods.core.telling import ToldMethod
from carla_genre.methods.core.training_loop import train
from carla_genre.options import option, option_of
from carla_genre.schema import Relaxation
from carla_genre.selection.by_h import cheapest

NORMS = (1.0, 2.0)
# Examples that training draws from, those that share a mask, and the most accepted rows among which neighbours are.
BANK, TOGETHER, MOST_TARGETS = 16_384, 64, 8192
# What a change of a masked feature costs, in changes of another one.
MASKED = 100.0
# Factuals that are answered at a time.
BATCH = 200


@dataclass(frozen=True)
class DiCoFlexOptions(MethodOptions):
    gamma: float = option_of(
        PairConfig, "gamma", meaning="D_h+ = {y = 1, h > gamma}; a candidate needs h > gamma as well."
    )
    norm: float = option(1.0, "p of the distance that answers are asked for.", NORMS)
    n_neighbours: int = option(16, "Accepted rows that a factual's target is drawn from.", "[1, inf)")
    n_samples: int = option(50, "Candidates of a factual.", "[1, inf)")
    noise: float = option(
        0.02, "Standard deviation of what is added to targets, in scaled units.", "(0, inf)"
    )
    transforms: int = option(5, "Autoregressive transformations.", "[1, inf)")
    hidden: int = option(64, "Units of each of their two hidden layers.", "[1, inf)")
    steps: int = option(1000, "Training steps.", "[0, inf)")
    batch_size: int = option(256, "Examples a step.", "[1, inf)")
    learning_rate: float = option(2e-3, "Highest rate of the schedule.", "(0, inf)")


class _Bank(NamedTuple):
    """Examples: factuals (n, W), masks (n, D), norms (n,), and their neighbours' indices (n, K)."""

    factuals: Tensor
    masks: Tensor
    norms: Tensor
    neighbours: Tensor


class DiCoFlex(ToldMethod):
    """Recourse drawn from a masked autoregressive flow, given the factual, what may not change, and a norm.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier, of any backend; a black box.
    hyperparams : mapping, optional
        The options below.

    Raises
    ------
    MissingDependencyError
        zuko is not installed (the extra ``peers``).
    InputError
        A hyperparameter is wrong, or D_h+ is empty, or h denies no training row.

    Notes
    -----
    After "DiCoFlex: Model-agnostic diverse counterfactuals with flexible control" (Furman, Movsum-zada, Marszalek,
    Zieba and Smieja, arXiv 2505.23700), from what its text says, without its code: results here do not reproduce its
    own. The paper: a flow q(x'|x, m, p) is fitted to draws from the K rows of the desired class that are nearest to x
    in an L_p distance in which a change of what the mask m names is dear. m and p are drawn anew in training, so that
    a user says both when asking. Classes are labels; h is not asked.

    Ours: rows of the desired class are D_h+, and factuals are those that h denies. The norms are 1 and 2. Categories
    are one-hot with noise, and become the largest level. The paper's constraints are soft; here the factual's own
    values are put back where they are frozen, and what goes the wrong way or out of its range is clipped. Of the
    candidates, the answer is the cheapest with h > ``gamma``; where there is none, the one of the highest h.
    """

    OPTIONS = DiCoFlexOptions()

    def _prepare(self) -> None:
        try:
            from zuko.flows import MAF
        except ImportError as error:
            raise MissingDependencyError(
                "DiCoFlex needs zuko for its flow: pip install 'carla-genre[peers]' (or pip install 'zuko>=1.3')"
            ) from error
        rows, given = self.training_rows, self.hyperparams
        targets, denied = rows.values[rows.accepted(given["gamma"])], rows.values[rows.scores <= 0.5]
        if not len(denied):
            raise InputError("DiCoFlex: h denies no training row, there is nothing to learn from")
        self._relaxation = Relaxation(self.schema)
        random = np.random.default_rng(given["seed"])
        targets = random.permutation(targets)[:MOST_TARGETS]
        vectors = self._vectors(targets)
        self._mean, self._scale = vectors.mean(0), vectors.std(0, unbiased=False) + given["noise"]
        context = self._relaxation.width + len(self.schema.features) + 1
        hidden = (given["hidden"], given["hidden"])
        flow = MAF(self._relaxation.width, context, transforms=given["transforms"], hidden_features=hidden)
        self.flow: nn.Module = flow.to(self.device)
        self._fit(vectors, self._bank(denied, vectors, random))
        self.flow.eval()

    def _vectors(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(self._relaxation.encode(values)).float().to(self.device)

    def _bank(self, denied: np.ndarray, targets: Tensor, random: np.random.Generator) -> _Bank:
        """Factuals with masks from the immutables alone to all but two of the features, and their neighbours."""
        immutable, k = self.schema.immutable, min(self.hyperparams["n_neighbours"], len(targets))
        free = np.flatnonzero(~immutable)
        parts = []
        for _ in range(BANK // TOGETHER):
            mask = immutable.copy()
            mask[random.permutation(free)[: random.integers(0, max(1, len(free) - 1))]] = True
            norm = float(random.choice(NORMS))
            factuals = self._vectors(denied[random.integers(0, len(denied), TOGETHER)])
            # A changed category moves two numbers by 1, and costs 1.
            weight = torch.where(torch.from_numpy(self._relaxation.one_hot), 0.5, 1.0)
            dear = torch.from_numpy(np.where(mask, MASKED, 1.0)[self._relaxation.feature])
            weight = ((weight * dear) ** (1 / norm)).float().to(self.device)
            nearest = torch.cdist(factuals * weight, targets * weight, p=norm).topk(k, largest=False).indices
            told = torch.from_numpy(mask).float().to(self.device).expand(TOGETHER, -1)
            parts.append(_Bank(factuals, told, torch.full((TOGETHER,), norm, device=self.device), nearest))
        return _Bank(*(torch.cat(part) for part in zip(*parts, strict=True)))

    def _context(self, factuals: Tensor, masks: Tensor, norms: Tensor) -> Tensor:
        return torch.cat([(factuals - self._mean) / self._scale, masks, norms[:, None]], dim=1)

    def _fit(self, targets: Tensor, bank: _Bank) -> None:
        given = self.hyperparams
        random = torch.Generator(self.device).manual_seed(given["seed"])
        optimizer = torch.optim.Adam(self.flow.parameters(), lr=given["learning_rate"])
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, given["learning_rate"], total_steps=max(given["steps"], 10) + 1, pct_start=0.1
        )
        context = self._context(bank.factuals, bank.masks, bank.norms)
        size, k = given["batch_size"], bank.neighbours.shape[1]

        def batch_loss() -> Tensor:
            drawn = torch.randint(len(context), (size,), generator=random, device=self.device)
            which = torch.randint(k, (size,), generator=random, device=self.device)
            target = targets[bank.neighbours[drawn, which]]
            noise = torch.randn(target.shape, generator=random, device=self.device)
            target = (target + given["noise"] * noise - self._mean) / self._scale
            loss: Tensor = -self.flow(context[drawn]).log_prob(target).mean()
            return loss

        every, verbose = max(1, given["steps"] // 20), given["verbose"]
        train(
            self.flow,
            batch_loss,
            optimizer,
            given["steps"],
            "DiCoFlex",
            schedule,
            every=every,
            clip=5.0,
            verbose=verbose,
        )

    @torch.no_grad()
    def candidates(self, values: np.ndarray) -> np.ndarray:
        """Draws of the flow, decoded, within the constraints: encoded factuals (B, D) -> (B, N, D)."""
        given, count = self.hyperparams, self.hyperparams["n_samples"]
        masks = torch.from_numpy(self.schema.immutable).float().to(self.device).expand(len(values), -1)
        norms = torch.full((len(values),), given["norm"], device=self.device)
        context = self._context(self._vectors(values), masks, norms)
        keys, width = row_keys(torch.from_numpy(values), given["seed"]), self._relaxation.width
        latent = normals(keys, 0, count * width).view(-1, count, width).float().to(self.device)
        drawn = self.flow(context[:, None].expand(-1, count, -1)).transform.inv(latent)
        vectors = torch.nan_to_num(drawn * self._scale + self._mean, posinf=1.0, neginf=0.0).cpu().numpy()
        return self.schema.constrain(values[:, None], self._relaxation.decode(vectors))

    def _answer(self, values: np.ndarray) -> np.ndarray:
        parts = [values[start : start + BATCH] for start in range(0, len(values), BATCH)]
        return np.concatenate([self._cheapest(part) for part in parts])

    def _cheapest(self, values: np.ndarray) -> np.ndarray:
        candidates = self.candidates(values)
        cost = self.schema.cost(values[:, None], candidates)
        return cheapest(candidates, self.scores(candidates), cost, self.hyperparams["gamma"])
