"""Recourse from a TabSyn of the accepted rows: GenRe's comparison with diffusion models (section 5.6)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from carla_genre.blackbox import BlackBox
from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.neighbours import Search
from carla_genre.generator.randomness import normals, row_keys, sample_categorical, uniforms
from carla_genre.methods.baselines.nearest import UNMATCHED
from carla_genre.methods.baselines.tabsyn.config import TabSynConfig, TabSynSizes
from carla_genre.methods.baselines.tabsyn.diffusion import churned, heun_step, noise_levels, reverse_step
from carla_genre.methods.baselines.tabsyn.model import BLOCK, TabSyn
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.options import option, option_of, values_for
from carla_genre.selection.by_h import most_valid


@dataclass(frozen=True)
class TabSynOptions(MethodOptions, TabSynSizes):
    gamma: float = option_of(PairConfig, "gamma")
    lambda_: float = option(5.0, "Weight of the cost.", "[0, inf)", aliases=("lambda",))
    sampling_steps: int = option(50, "Noise levels of a draw.", "[2, inf)")


class TabSynMethod(SchemaMethod):
    """What both rules share: a TabSyn of D_h+ = {y = 1, h > gamma}.

    ``trained`` is another rule's density, learned with the same options: it is not learned again.

    Attributes
    ----------
    tabsyn : TabSyn
        The trained density.

    Raises
    ------
    InputError
        A hyperparameter is wrong, or D_h+ is empty.
    """

    OPTIONS = TabSynOptions()

    def __init__(
        self, mlmodel: BlackBox, hyperparams: Mapping[str, Any] | None = None, trained: TabSyn | None = None
    ) -> None:
        self._trained = trained
        super().__init__(mlmodel, hyperparams)

    def _prepare(self) -> None:
        given = self.hyperparams
        if given["width"] % 2:
            raise InputError(f"{type(self).__name__}: width must be even, got {given['width']}")
        self.tabsyn = self._trained or self._fit()

    def _fit(self) -> TabSyn:
        rows, given = self.training_rows, self.hyperparams
        config = TabSynConfig(**values_for(TabSynSizes, given))
        learned = rows.values[rows.accepted(given["gamma"])]
        return TabSyn(learned, self.schema.level_counts.tolist(), config, self.device, given["verbose"])


@dataclass(frozen=True)
class TabSynQOptions(TabSynOptions):
    top_k: int = option(1000, "Q is truncated to so many nearest drawn rows.", "[1, inf)")
    n_samples: int = option(10, "Draws from Q. The answer is the one with the highest h.", "[1, inf)")
    unmatched: str = option_of(PairConfig, "unmatched", meaning=UNMATCHED)


class TabSynQ(TabSynMethod):
    """TabSyn+Q: a set as large as the data is drawn once, and Q (GenRe, eq. 6) of each factual taken on it.

    Q(x+|x) is proportional to exp(-lambda C(x, x+)) on the ``top_k`` drawn rows that are nearest to the factual among
    those that its constraints allow, and zero elsewhere.

    Attributes
    ----------
    drawn : ndarray (n, D)
        The set, inside the allowed ranges; n is at most the number of training rows.
    """

    OPTIONS = TabSynQOptions()

    def _prepare(self) -> None:
        super()._prepare()
        torch.manual_seed(self.hyperparams["seed"])  # the same set, whoever trained
        drawn = self.tabsyn.sample(len(self._mlmodel.data.df_train), self.hyperparams["sampling_steps"])
        constraints = self.schema.constraints
        self.drawn = drawn[constraints.inside(drawn, constraints.categorical | constraints.immutable)]
        if len(self.drawn) == 0:
            raise InputError(
                f"none of {len(drawn)} drawn rows is in the allowed ranges: loosen the constraints"
            )

    def candidates(self, values: np.ndarray) -> np.ndarray:
        """Draws from Q for factuals (B, D): (B, N, D), NaN where no drawn row is allowed."""
        k, relax = self.hyperparams["top_k"], self.hyperparams["unmatched"] == "nearest"
        constraints = self.schema.constraints
        search = Search(values, self.drawn, constraints, k, relax, self.device, torch.float64)
        cost, indices = search.all_nearest()
        found = torch.isfinite(cost[:, 0])
        excess = torch.where(found[:, None], cost - cost[:, :1], 0.0)
        weights = torch.exp(-self.hyperparams["lambda_"] * excess)
        keys = row_keys(torch.from_numpy(values), self.hyperparams["seed"])
        uniform = uniforms(keys, 0, self.hyperparams["n_samples"])
        chosen = indices.gather(1, sample_categorical(weights, uniform)).numpy()
        candidates = np.full((*chosen.shape, values.shape[1]), np.nan)
        candidates[found.numpy()] = self.drawn[chosen[found.numpy()]]
        return self.schema.constrain(values[:, None], candidates)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        size = max(1, (1 << 22) // min(self.hyperparams["top_k"], len(self.drawn)))
        batches = (self.candidates(values[i : i + size]) for i in range(0, len(values), size))
        return np.concatenate([most_valid(candidates, self.scores(candidates)) for candidates in batches])


@dataclass(frozen=True)
class TabSynSVDDOptions(TabSynOptions):
    duplicates: int = option(10, "Candidates a noise level, M.", "[1, inf)")
    process: str = option(
        "reverse",
        'Where the candidates come from. "reverse": p(x_{t-1} | x_t), as SVDD has it. "churn": TabSyn\'s own sampler, '
        "whose noise is small.",
        ("reverse", "churn"),
    )


class TabSynSVDD(TabSynMethod):
    """TabSyn+SVDD: the reverse diffusion is guided to the factual by a reward, without its derivative.

    Soft value-based decoding (Li et al. 2024, algorithm 1, SVDD-PM): at each noise level ``duplicates``
    candidates are drawn from the reverse process, the value of each is the reward of its expected clean
    row, r(D(x_t, t)), and one is kept with probability proportional to exp(lambda r). The reward is that
    of GenRe's appendix D.4,

        r(x') = -||x' - x||_2 - 100 [an immutable differs].

    Notes
    -----
    Its paper duplicates 10 to 20 times. A continuous immutable is never hit exactly: it counts in the distance,
    and a penalty that all candidates have is left out. In the end immutables are put back, and h is
    queried about the result.

    GenRe's table 4 has costs close to unguided draws', hardly moved by lambda, and tells of changed
    immutables. That is what "churn" gives before the immutables are put back: the candidates of a noise
    level differ too little for any choice among them to lead somewhere. Where other features go with the
    immutables (on Adult, relationship with sex), putting those back costs plausibility.
    """

    OPTIONS = TabSynSVDDOptions()

    def _prepare(self) -> None:
        super()._prepare()
        self._exact = self.tabsyn.double()

    def reward(self, factuals: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The reward r of rows (..., D) for factuals that broadcast: (...)."""
        difference = np.abs(rows - factuals)
        difference[..., self.schema.categorical] = difference[..., self.schema.categorical] > 0
        judged = self.schema.immutable & self.schema.categorical
        violated = (difference[..., judged] > 0).any(axis=-1)
        score: np.ndarray = -np.sqrt(np.square(difference).sum(axis=-1)) - 100.0 * violated
        return score

    def _answer(self, values: np.ndarray) -> np.ndarray:
        return self.schema.constrain(values, self.guided(values))

    def guided(self, values: np.ndarray) -> np.ndarray:
        """Draws for factuals (B > 0, D), before their constraints are put back: (B, D)."""
        size = max(1, BLOCK // self.hyperparams["duplicates"])
        return np.concatenate([self._guided(values[i : i + size]) for i in range(0, len(values), size)])

    @torch.no_grad()
    def _guided(self, values: np.ndarray) -> np.ndarray:
        tabsyn, steps, m = self._exact, self.hyperparams["sampling_steps"], self.hyperparams["duplicates"]
        keys = row_keys(torch.from_numpy(values), self.hyperparams["seed"]).to(tabsyn.device)
        levels = noise_levels(steps).to(tabsyn.device)
        rows = normals(keys, 0, tabsyn.size) * levels[0]
        denoised = tabsyn.denoiser(rows, levels[0])
        for step, (sigma, following) in enumerate(itertools.pairwise(levels), 1):
            noise = normals(keys, 2 * step, m * tabsyn.size).unflatten(1, (m, -1))  # (B, M, L)
            drawn = self._draw(rows, denoised, sigma, following, noise)
            expected = drawn
            if following > 0:
                expected = tabsyn.denoiser(drawn.flatten(0, 1), following).unflatten(0, (-1, m))
            index = self._choose(values, expected, uniforms(keys, 2 * step + 1, 1))
            rows, denoised = (_pick(part, index) for part in (drawn, expected))
        return tabsyn.decode(rows)

    def _draw(
        self, rows: Tensor, denoised: Tensor, sigma: Tensor, following: Tensor, noise: Tensor
    ) -> Tensor:
        """M candidates for each row at the following level, (B, M, L)."""
        if self.hyperparams["process"] == "reverse":
            return reverse_step(rows[:, None], denoised[:, None], sigma, following, noise)
        steps = self.hyperparams["sampling_steps"]
        noisy, higher = churned(rows[:, None], sigma, noise, 1.0, steps)
        moved = heun_step(self._exact.denoiser, noisy.flatten(0, 1), higher, following)
        guided: Tensor = moved.unflatten(0, noisy.shape[:2])
        return guided

    def _choose(self, values: np.ndarray, expected: Tensor, uniform: Tensor) -> Tensor:
        """Indices (B,) of candidates whose clean rows are expected (B, M, L), drawn by exp(lambda r)."""
        decoded = self._exact.decode(expected.flatten(0, 1)).reshape(*expected.shape[:2], -1)
        reward = torch.from_numpy(self.reward(values[:, None], decoded)).to(expected.device)
        return sample_categorical(torch.softmax(self.hyperparams["lambda_"] * reward, dim=1), uniform)[:, 0]


def _pick(candidates: Tensor, index: Tensor) -> Tensor:
    """(B, M, L) and indices (B,) -> (B, L)."""
    return candidates[torch.arange(len(index), device=index.device), index]
