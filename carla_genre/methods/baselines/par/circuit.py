"""A class's density as a probabilistic circuit of SPFlow: a sum over products of univariate leaves.

SPFlow is imported here only, when PAR is built. Of the maintained libraries of tractable models that stand beside
current torch and numpy, it is pure Python and has log-likelihoods with gradients in the input, vectorised leaves of
both kinds, and EM.
"""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.cluster import MiniBatchKMeans
from torch import Tensor, nn

from carla_genre.errors import MissingDependencyError
from carla_genre.schema import Relaxation

try:
    from spflow.learn import expectation_maximization
    from spflow.meta.data import Scope
    from spflow.modules.leaves import Categorical, Normal
    from spflow.modules.products import Product
    from spflow.modules.sums import Sum
    from spflow.utils.cache import cached
except ImportError as error:
    raise MissingDependencyError(
        "PAR needs SPFlow for its densities: pip install 'carla-genre[par]' (or pip install 'spflow>=1.1')"
    ) from error

# Mass that is spread evenly over a category's levels, so that no level is impossible in any component.
SMOOTHING = 1e-3


class BroadNormal(Normal):
    """Normal leaves whose deviations EM cannot shrink below ``least``: repeated values would take them to 0."""

    def __init__(self, columns: Sequence[int], loc: Tensor, scale: Tensor, least: float) -> None:
        super().__init__(scope=Scope(list(columns)), loc=loc, scale=scale.clamp_min(least))
        self.least = least

    def _compute_parameter_estimates(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        estimates = super()._compute_parameter_estimates(*args, **kwargs)
        return {"loc": estimates["loc"], "scale": estimates["scale"].clamp_min(self.least)}


class SmoothCategorical(Categorical):
    """Categorical leaves over codes, none of whose levels EM can make impossible."""

    def __init__(self, columns: Sequence[int], probs: Tensor) -> None:
        super().__init__(scope=Scope(list(columns)), probs=smooth(probs))

    def _compute_parameter_estimates(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        return {"probs": smooth(super()._compute_parameter_estimates(*args, **kwargs)["probs"])}


class RelaxedCategorical(Categorical):
    """Categorical leaves over relaxed vectors: their part of the network polynomial.

    log sum_k v_k p_k for weights v of the K levels (Darwiche 2003): the exact log-probability at a level,
    and a gradient in v between them. ``parts`` are each category's numbers in the vectors, all of K levels; ``probs``
    (len(parts), C, 1, K).
    """

    columns: Tensor

    def __init__(self, parts: Sequence[slice], probs: Tensor) -> None:
        super().__init__(scope=Scope([part.start for part in parts]), probs=probs)
        columns = [list(range(part.start, part.stop)) for part in parts]
        self.register_buffer("columns", torch.tensor(columns))

    @cached
    def log_likelihood(self, data: Tensor, cache: Any = None) -> Tensor:
        """(B, W) -> (B, len(parts), C, 1)."""
        weights = data[:, self.columns]
        if weights.shape[-1] == 1 and self.K == 2:
            weights = torch.cat([1 - weights, weights], dim=-1)
        mass = torch.einsum("bfk,fcrk->bfcr", weights, self.probs)
        return mass.clamp_min(torch.finfo(mass.dtype).tiny).log()


class ClassDensity(nn.Module):
    """log p(x | class) of rows as :class:`Relaxation`'s vectors, exact and differentiable.

    A mixture of C components in each of which the features are independent: sum_c w_c prod_d p_cd(x_d),
    normal for a continuous feature, categorical for others. The circuit is over relaxed vectors.
    """

    circuit: Any

    def __init__(self, circuit: nn.Module) -> None:
        super().__init__()
        self.circuit = circuit.requires_grad_(False)

    def forward(self, vectors: Tensor) -> Tensor:
        """Log-likelihoods in nats: (..., W) -> (...)."""
        flat = vectors.reshape(-1, vectors.shape[-1])
        logarithm: Tensor = self.circuit.log_likelihood(flat).reshape(vectors.shape[:-1])
        return logarithm


def smooth(probs: Tensor) -> Tensor:
    """Mix with the uniform distribution over the last axis."""
    return (1 - SMOOTHING) * probs + SMOOTHING / probs.shape[-1]


def fit_density(
    values: np.ndarray,
    relaxation: Relaxation,
    components: int,
    steps: int,
    bandwidth: float,
    seed: int,
    device: torch.device | str = "cpu",
) -> ClassDensity:
    """Fit a class's encoded rows (n > 0, D) by EM from k-means.

    There are C = ``components``, or one a distinct row where these are fewer. EM stops when the likelihood does not
    rise, at the latest after ``steps``. ``bandwidth`` is the least standard deviation of a continuous feature in a
    component, in scaled units. The seed is that of k-means.
    """
    label = _clusters(relaxation.encode(values), components, seed)
    share = np.eye(label.max() + 1)[label]  # (n, C)
    counts = share.sum(axis=0)
    leaves: list[Any] = []
    continuous = np.flatnonzero(~relaxation.schema.categorical)
    if len(continuous):
        mean = share.T @ values[:, continuous] / counts[:, None]
        square = share.T @ values[:, continuous] ** 2 / counts[:, None]
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        leaves.append(BroadNormal(continuous.tolist(), _events(mean), _events(deviation), bandwidth))
    for group in _by_levels(relaxation):
        n_levels = len(relaxation.schema.features[group[0]].levels or ())
        found = np.stack([share.T @ np.eye(n_levels)[values[:, d].astype(int)] for d in group])  # (F, C, K)
        probs = torch.from_numpy(found / counts[:, None]).float().unsqueeze(2)
        leaves.append(SmoothCategorical(group, probs))
    circuit = _mixture(leaves, torch.from_numpy(counts / counts.sum()).float()).to(device)
    data = torch.from_numpy(values).float().to(device)
    with torch.enable_grad():
        expectation_maximization(circuit, data, max_steps=steps, bias_correction=False)
    return ClassDensity(_relaxed(circuit, relaxation)).to(device)


def _clusters(vectors: np.ndarray, components: int, seed: int) -> np.ndarray:
    """A component for each row, all in use."""
    n = min(components, len(np.unique(vectors, axis=0)))
    means = MiniBatchKMeans(n, random_state=seed % 2**32, n_init=1, batch_size=max(1024, 4 * n))
    return np.unique(means.fit_predict(vectors), return_inverse=True)[1]


def _events(parameters: np.ndarray) -> Tensor:
    """(C, F) as SPFlow's (features, channels, repetitions)."""
    return torch.from_numpy(parameters.T.copy()).float().unsqueeze(-1)


def _by_levels(relaxation: Relaxation) -> list[list[int]]:
    """The categorical features, those of as many levels together."""
    groups: dict[int, list[int]] = {}
    for position, feature in enumerate(relaxation.schema.features):
        if feature.levels is not None:
            groups.setdefault(len(feature.levels), []).append(position)
    return list(groups.values())


def _mixture(leaves: list[Any], weights: Tensor) -> Sum:
    product = Product(leaves if len(leaves) > 1 else leaves[0])
    return Sum(inputs=product, weights=weights.reshape(1, -1, 1, 1))


def _relaxed(circuit: Any, relaxation: Relaxation) -> nn.Module:
    """The same mixture over relaxed vectors."""
    fitted = circuit.inputs.inputs
    leaves: list[Any] = []
    for leaf in fitted.inputs if hasattr(fitted, "dim") else [fitted]:
        parts = [relaxation.slices[position] for position in leaf.scope.query]
        if isinstance(leaf, BroadNormal):
            columns = [part.start for part in parts]
            leaves.append(BroadNormal(columns, leaf.loc.detach(), leaf.scale.detach(), leaf.least))
        else:
            leaves.append(RelaxedCategorical(parts, leaf.probs.detach()))
    return _mixture(leaves, circuit.weights.detach().flatten())
