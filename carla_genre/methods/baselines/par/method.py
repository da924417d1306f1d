"""PAR, plausibility-aware amortised recourse (Sabu, S and Krishnan 2026), as a RecourseMethod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from carla_genre.errors import InputError
from carla_genre.generator.config import PairConfig
from carla_genre.generator.pairing.neighbours import Search
from carla_genre.generator.randomness import row_keys, uniforms
from carla_genre.methods.baselines.par.network import RecourseNetwork, Task
from carla_genre.methods.baselines.par.objective import Objective, single_neighbour, train_generator
from carla_genre.methods.baselines.par.surrogate import distil
from carla_genre.methods.core.base import MethodOptions
from carla_genre.methods.core.telling import ToldMethod
from carla_genre.options import option, option_of
from carla_genre.schema import Relaxation
from carla_genre.selection.by_h import cheapest

# The floor under the denied class's log-likelihood is this quantile of what accepted rows have.
FLOOR_QUANTILE = 0.5


@dataclass(frozen=True)
class PAROptions(MethodOptions):
    gamma: float = option_of(
        PairConfig, "gamma", meaning="D_h+ = {y = 1, h > gamma}; a candidate needs h > gamma as well."
    )
    confidence: float = option(
        0.7,
        "h that the loss of validity wants. More makes dearer answers, and outliers on COMPAS.",
        "[0.5, 1)",
    )
    denied_weight: float = option(0.5, "Weight of the denied class's log-likelihood (abstract).", "[0, inf)")
    lambda_: float = option(
        8.0,
        "Weight of the L1 cost in nats (abstract: similar), and how fast a neighbour's weight falls with its cost.",
        "[0, inf)",
        aliases=("lambda",),
    )
    sparsity_weight: float = option(
        0.1, "Weight of the number of changed features (abstract: sparse).", "[0, inf)"
    )
    validity_weight: float = option(
        5.0, "Weight of what h's logit lacks to that of ``confidence`` (abstract: valid).", "[0, inf)"
    )
    n_neighbours: int = option(16, "Accepted rows that make up a neighbourhood (abstract).", "[1, inf)")
    n_candidates: int = option(10, "Answers of which one is chosen.", "[1, inf)")
    values: str = option(
        "near",
        '"near" moves a continuous answer to the nearest value of its neighbours and the factual, since a normal '
        'density does not know which values occur. "free" leaves it.',
        ("near", "free"),
    )
    components: int = option(
        32, "Products in each class's mixture (abstract: a tractable model).", "[1, inf)"
    )
    em_steps: int = option(100, "Most EM steps of each mixture.", "[1, inf)")
    bandwidth: float = option(0.03, "Least standard deviation in a product, in scaled units.", "(0, inf)")
    surrogate_steps: int = option(1500, "Training steps of the imitation of h.", "[1, inf)")
    hidden: int = option(128, "Units of each hidden layer of the generator.", "[1, inf)")
    steps: int = option(1000, "Training steps of the generator.", "[0, inf)")
    batch_size: int = option(256, "Factuals a step.", "[1, inf)")
    learning_rate: float = option(1e-3, "Highest rate of the schedule.", "(0, inf)")
    validation: float = option(0.1, "Share of the denied rows that choose the best weights.", "[0, 0.5]")


class PAR(ToldMethod):
    """Recourse by one forward pass of a generator that is trained to find likely, valid, near answers.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier h, of any backend; a black box.
    hyperparams : mapping, optional
        The options below. "(abstract)" marks what the paper's abstract asks for, though never with a value. Each
        value, and the rest, is this package's choice.

    Attributes
    ----------
    densities : dict
        "accepted" and "denied": :class:`carla_genre.methods.baselines.par.circuit.ClassDensity`.
    objective : Objective
        What training lowers.
    network : RecourseNetwork
        The generator.
    losses : list of float
        Validation losses during training.

    Raises
    ------
    MissingDependencyError
        SPFlow is not installed (the extra ``par``).
    InputError
        A hyperparameter is wrong, or D_h+ or D_h- is empty.

    Notes
    -----
    Written from the abstract of "PAR: Plausibility-aware Amortized Recourse Generation" (Sabu, S and Krishnan,
    arXiv 2601.17309, 2026) alone. Its text, code and figures were not at hand: results here do not reproduce its own.

    The abstract: recourse is constrained maximum a posteriori inference under the accepted class's distribution. The
    likelihoods come from tractable probabilistic models, exact and differentiable. A generator is trained to raise the
    likelihood under the accepted class and to lower it under the denied class, beside losses for the constraints. It
    is conditioned on the factual's neighbourhood.

    Here: each class (D_h+, and D_h- = {y = 0, h <= .5}) is a shallow sum-product network. The training factuals are
    the rows that h denies. The generator (:class:`RecourseNetwork`) sees the factual, the weighted mean of its nearest
    accepted rows and a learned summary of them. The losses are in :class:`Objective`. h is a black box, so the loss of
    validity looks at a small network that imitates it. Each candidate is made from the whole neighbourhood, or from
    one neighbour drawn by its weight. The answer is, of those with h > ``gamma``, the one of the least objective;
    where there is none, the one of the highest h.
    """

    OPTIONS = PAROptions()

    def _prepare(self) -> None:
        from carla_genre.methods.baselines.par.circuit import fit_density  # raises where SPFlow is absent

        rows, given = self.training_rows, self.hyperparams
        self.relaxation = Relaxation(self.schema)
        accepted = rows.accepted(given["gamma"])
        refused = rows.scores <= 0.5
        denied = refused & (rows.labels == 0)
        if not denied.any():
            raise InputError("PAR: D_h- is empty: h denies no training row of label 0, nothing to learn from")
        self._targets = rows.values[accepted]
        sides = {"accepted": self._targets, "denied": rows.values[denied]}
        sizes = given["components"], given["em_steps"], given["bandwidth"]
        self.densities = {
            name: fit_density(values, self.relaxation, *sizes, given["seed"], self.device)
            for name, values in sides.items()
        }
        likelihood = self.densities["denied"](self._vectors(self._targets)).cpu().numpy()
        surrogate = distil(
            self.scores,
            rows.values,
            rows.scores,
            self.relaxation,
            given["surrogate_steps"],
            given["seed"],
            self.device,
        )
        self.objective = Objective(
            self.densities["accepted"],
            self.densities["denied"],
            surrogate,
            self.relaxation,
            given,
            floor=float(np.quantile(likelihood, FLOOR_QUANTILE)),
        ).to(self.device)
        self.network = RecourseNetwork(self.relaxation, given["hidden"]).to(self.device)
        task = self._task(rows.values[refused])
        self.losses = train_generator(self.network, self.objective, task)
        self.network.eval()

    def with_constraints(self, constraints: Mapping[str, Mapping[str, Any]] | None) -> PAR:
        """See :meth:`ToldMethod.with_constraints`: the generator is given the bounds."""
        other = super().with_constraints(constraints)
        other.relaxation = Relaxation(other.schema)
        return other

    def _vectors(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(self.relaxation.encode(values)).float().to(self.device)

    def _task(self, values: np.ndarray) -> Task:
        """What the generator is given of encoded factuals (B, D)."""
        lower, upper = (
            torch.from_numpy(bound).float().to(self.device) for bound in self.relaxation.bounds(values)
        )
        constraints, k = self.schema.constraints, self.hyperparams["n_neighbours"]
        cost, indices = Search(values, self._targets, constraints, k, device=self.device).all_nearest()
        cost = cost.to(self.device)
        likeness = torch.exp(-self.hyperparams["lambda_"] * (cost - cost[:, :1]))
        weights = torch.where(torch.isfinite(cost), likeness, 0.0)
        weights = weights / weights.sum(1, keepdim=True).clamp_min(1e-30)
        near = self._vectors(self._targets[indices.numpy()])
        indices = indices.long().to(self.device)
        return Task(self._vectors(values), lower, upper, near, weights.float(), indices)

    @torch.no_grad()
    def candidates(self, values: np.ndarray) -> np.ndarray:
        """Answers by one forward pass for each of N views of the neighbourhood.

        The first is conditioned on the weighted neighbourhood, each other on one neighbour that is drawn
        by its weight.

        Encoded factuals (B, D) -> (B, N, D), decoded, within the constraints.
        """
        task, n = self._task(values), self.hyperparams["n_candidates"]
        drawn = uniforms(row_keys(torch.from_numpy(values), self.hyperparams["seed"]), 0, n)
        drawn = drawn.to(self.device)
        answers = [self.network(task)]
        for candidate in range(1, n):
            weights = single_neighbour(task.weights, drawn[:, candidate : candidate + 1])
            answers.append(self.network(replace(task, weights=weights)))
        found = self.relaxation.decode(torch.stack(answers, dim=1).cpu().numpy())
        if self.hyperparams["values"] != "free":
            options = self._options(task, values)
            found = np.stack([self._nearest_values(found[:, i], options) for i in range(n)], axis=1)
        return self.schema.constrain(values[:, None], found)

    def _options(self, task: Task, values: np.ndarray) -> np.ndarray:
        """The factual (first, so that it wins ties) and its neighbours: (B, 1 + K, D)."""
        neighbours = self._targets[task.indices.cpu().numpy()]
        near = (task.weights > 0).cpu().numpy()[..., None]
        return np.concatenate([values[:, None], np.where(near, neighbours, values[:, None])], axis=1)

    def _nearest_values(self, found: np.ndarray, options: np.ndarray) -> np.ndarray:
        """Continuous numbers (B, D) moved to the nearest of each feature's ``options`` (B, 1 + K, D)."""
        index = np.abs(found[:, None] - options).argmin(axis=1)
        nearest = np.take_along_axis(options, index[:, None], axis=1)[:, 0]
        return np.where(self.schema.categorical, found, nearest)

    def _answer(self, values: np.ndarray) -> np.ndarray:
        candidates = self.candidates(values)
        scores = self.scores(candidates)
        with torch.no_grad():
            loss = self.objective(self._vectors(values).unsqueeze(1), self._vectors(candidates)).cpu().numpy()
        return cheapest(candidates, scores, loss, self.hyperparams["gamma"])
