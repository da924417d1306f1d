"""PAR, plausibility-aware amortised recourse (Sabu, S and Krishnan 2026), as a RecourseMethod."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from carla_genre.errors import InputError
from carla_genre.generator.pairing.neighbours import nearest_targets
from carla_genre.generator.randomness import row_keys, uniforms
from carla_genre.methods.baselines.par.network import RecourseNetwork, Task
from carla_genre.methods.baselines.par.objective import (
    Fit,
    Objective,
    Weights,
    single_neighbour,
    train_generator,
)
from carla_genre.methods.baselines.par.surrogate import distil
from carla_genre.methods.core.base import SchemaMethod
from carla_genre.methods.core.feature_constraints import feature_constraints
from carla_genre.methods.core.hyperparameters import COMMON, Hyperparameter
from carla_genre.schema import Relaxation

if TYPE_CHECKING:
    from carla_genre.methods.baselines.par.circuit import ClassDensity

# The floor under the denied class's log-likelihood is this quantile of what accepted rows have.
FLOOR_QUANTILE = 0.5


class PAR(SchemaMethod):
    """Recourse by one forward pass of a generator that is trained to find likely, valid, near answers.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        The classifier h, of any backend; a black box.
    hyperparams : mapping, optional
        Every key has a default. Only the abstract is known here: "abstract" marks what it asks for, though
        never with a value; each value, and the rest, is this package's choice.

        ====================  ======  =======================================================================
        key                   default meaning, range
        ====================  ======  =======================================================================
        ``gamma``             0.7     D_h+ = {y = 1, h > gamma}, and the h above which a candidate is taken,
                                      [.5, 1); GenRe's value
        ``confidence``        0.7     the h that the loss of validity asks for, [.5, 1); more makes answers
                                      dearer and, on COMPAS's lattice, outliers
        ``denied_weight``     0.5     weight of the denied class's log-likelihood (abstract), >= 0
        ``lambda_``           8.0     weight of the L1 cost in nats (abstract: similar), >= 0, and how fast a
                                      neighbour's weight falls with its cost; also ``lambda``
        ``sparsity_weight``   0.1     weight of the number of changed features (abstract: sparse), >= 0
        ``validity_weight``   5.0     weight of what h's logit lacks to ``confidence``'s (abstract: valid), >= 0
        ``n_neighbours``      16      accepted rows that make up a neighbourhood (abstract), >= 1
        ``n_candidates``      10      answers of which one is chosen, >= 1
        ``values``            "near"  "near": a continuous answer is moved to the nearest of its neighbours' and
                                      the factual's values, since a normal density does not know which
                                      values occur; or "free"
        ``components``        32      products in each class's mixture (abstract: a tractable model), >= 1
        ``em_steps``          100     most EM steps of each mixture, >= 1
        ``bandwidth``         0.03    least standard deviation in a product, in scaled units, > 0
        ``surrogate_steps``   1500    training steps of the imitation of h, >= 1
        ``hidden``            128     units of each hidden layer of the generator, >= 1
        ``steps``             1000    training steps of the generator, >= 0
        ``batch_size``        256     factuals a step, >= 1
        ``learning_rate``     1e-3    largest of the schedule, > 0
        ``validation``        0.1     share of the denied rows that choose the best weights, [0, .5]
        ====================  ======  =======================================================================

        And ``constraints``, ``device``, ``threads``, ``seed`` and ``verbose``, as GenRe's.

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
    Written from the abstract of "PAR: Plausibility-aware Amortized Recourse Generation" (Sabu, S and
    Krishnan, arXiv 2601.17309, 2026) alone; its text, code and figures were not at hand, so that results
    here are no reproduction of its own.

    The abstract: recourse is constrained maximum a posteriori inference under the accepted class's
    distribution; the likelihoods come from tractable probabilistic models, exact and differentiable; a
    generator is trained to raise the likelihood under the accepted class and lower it under the denied
    class, beside losses for the constraints; and it is conditioned on the factual's neighbourhood.

    Here: each class (D_h+, and D_h- = {y = 0, h <= .5}) is a shallow sum-product network; the training
    factuals are the rows that h denies; the generator sees the factual, the weighted mean of its nearest
    accepted rows and a learned summary of them (:mod:`carla_genre.methods.baselines.par.network`); the losses are in
    :class:`carla_genre.methods.baselines.par.objective.Objective`. Since h is a black box, the loss of validity
    looks at a small network that imitates it; h itself decides in the end. An answer is the best by the
    objective of the candidates whose h is above ``gamma``, each made from the whole neighbourhood or from one
    neighbour drawn by its weight; where there is none, the one that h likes best.
    """

    HYPERPARAMETERS = {
        **COMMON,
        "gamma": Hyperparameter(0.7, float, low=0.5, high=1.0, open_high=True),
        "confidence": Hyperparameter(0.7, float, low=0.5, high=1.0, open_high=True),
        "denied_weight": Hyperparameter(0.5, float, low=0.0),
        "lambda_": Hyperparameter(8.0, float, low=0.0, aliases=("lambda",)),
        "sparsity_weight": Hyperparameter(0.1, float, low=0.0),
        "validity_weight": Hyperparameter(5.0, float, low=0.0),
        "n_neighbours": Hyperparameter(16, int, low=1),
        "n_candidates": Hyperparameter(10, int, low=1),
        "values": Hyperparameter("near", str, choices=("near", "free")),
        "components": Hyperparameter(32, int, low=1),
        "em_steps": Hyperparameter(100, int, low=1),
        "bandwidth": Hyperparameter(0.03, float, low=0.0, open_low=True),
        "surrogate_steps": Hyperparameter(1500, int, low=1),
        "hidden": Hyperparameter(128, int, low=1),
        "steps": Hyperparameter(1000, int, low=0),
        "batch_size": Hyperparameter(256, int, low=1),
        "learning_rate": Hyperparameter(1e-3, float, low=0.0, open_low=True),
        "validation": Hyperparameter(0.1, float, low=0.0, high=0.5),
    }

    def __init__(self, mlmodel: Any, hyperparams: Mapping[str, Any] | None = None) -> None:
        import carla_genre.methods.baselines.par.circuit  # noqa: F401  (raises at once where SPFlow is absent)

        super().__init__(mlmodel, hyperparams)

    def _prepare(self) -> None:
        rows, given = self.training_rows, self.hyperparams
        self.relaxation = Relaxation(self.schema)
        accepted = rows.accepted(given["gamma"])
        refused = rows.scores <= 0.5
        denied = refused & (rows.labels == 0)
        if not denied.any():
            raise InputError("PAR: D_h- is empty: h denies no training row of label 0, nothing to learn from")
        self._targets = rows.values[accepted]
        self.densities = {
            "accepted": self._density(self._targets),
            "denied": self._density(rows.values[denied]),
        }
        likelihood = self.log_likelihood(self._targets, "denied")
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
            Weights(
                given["denied_weight"], given["lambda_"], given["sparsity_weight"], given["validity_weight"]
            ),
            floor=float(np.quantile(likelihood, FLOOR_QUANTILE)),
            margin=math.log(given["confidence"] / (1 - given["confidence"])),
        ).to(self.device)
        self.network = RecourseNetwork(self.relaxation, given["hidden"]).to(self.device)
        fit = Fit(**{name: given[name] for name in Fit.__dataclass_fields__})
        task = self._task(rows.values[refused])
        self.losses = train_generator(self.network, self.objective, task, fit)
        self.network.eval()

    def _density(self, values: np.ndarray) -> ClassDensity:
        from carla_genre.methods.baselines.par.circuit import fit_density

        given = self.hyperparams
        return fit_density(
            values,
            self.relaxation,
            given["components"],
            given["em_steps"],
            given["bandwidth"],
            given["seed"] % 2**32,
            self.device,
        )

    def log_likelihood(self, values: np.ndarray, of: str = "accepted") -> np.ndarray:
        """Exact log-likelihood of encoded rows under a class's density, in nats.

        Parameters
        ----------
        values : ndarray (..., D)
            Encoded rows (``schema.encode``).
        of : {"accepted", "denied"}

        Returns
        -------
        ndarray (...)
        """
        return self.densities[of](self._vectors(values)).cpu().numpy()

    def _vectors(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(self.relaxation.encode(values)).float().to(self.device)

    def _task(self, values: np.ndarray) -> Task:
        """What the generator is given of encoded factuals (B, D)."""
        lower, upper = (
            torch.from_numpy(bound).float().to(self.device) for bound in self.relaxation.bounds(values)
        )
        near = nearest_targets(
            values,
            self._targets,
            feature_constraints(self.schema),
            self.hyperparams["n_neighbours"],
            device=self.device,
        )
        cost = near.cost.to(self.device)
        likeness = torch.exp(-self.hyperparams["lambda_"] * (cost - cost[:, :1]))
        weights = torch.where(torch.isfinite(cost), likeness, 0.0)
        weights = weights / weights.sum(1, keepdim=True).clamp_min(1e-30)
        neighbours = self._vectors(self._targets[near.indices.numpy()])
        return Task(
            self._vectors(values),
            lower,
            upper,
            neighbours,
            weights.float(),
            near.indices.long().to(self.device),
        )

    @torch.no_grad()
    def candidates(self, values: np.ndarray) -> np.ndarray:
        """Answers by one forward pass for each of N views of the neighbourhood.

        The first is conditioned on the weighted neighbourhood, each other on one neighbour that is drawn
        by its weight.

        Parameters
        ----------
        values : ndarray (B, D)
            Encoded factuals.

        Returns
        -------
        ndarray (B, N, D)
            Decoded, within the constraints.
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
        # Of those with h > gamma the one of the least objective; where there are none, the one of the largest h.
        confident = scores > self.hyperparams["gamma"]
        rank = np.where(confident, loss, np.inf)
        best = np.where(confident.any(axis=1), rank.argmin(axis=1), scores.argmax(axis=1))
        return candidates[np.arange(len(values)), best]
