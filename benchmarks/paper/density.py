"""The density that a generator has learned, at any point: the kernel density of eq. 7 of the paper."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from carla_genre.errors import InputError
from carla_genre.generator.generator import Generator

# Pairs that are read together; bounds memory, changes no figure.
BATCH = 1 << 14


@torch.no_grad()
def log_density(generator: Generator, factuals: Tensor, answers: Tensor) -> Tensor:
    """Give log R(x+|x), the logarithm of eq. 7 (Garg, Nagalapatti and Sarawagi, ICLR 2025), of encoded rows.

    A continuous feature has the mixture of one normal kernel a bin, with the bin's representative as its mean, the
    bin's width as its standard deviation and the transformer's probability as its weight, cut off at the
    feature's range (and at the factual's value, where the feature may change in one direction only) and scaled to
    integrate to 1 there. A category has the probability of its level. An immutable feature is given: it adds nothing;
    nor does one whose bounds meet, as at the end of a feature that may only increase.

    Parameters
    ----------
    generator : Generator
        Of R(x+|x), or of P(x+|y+) (architecture "decoder"), which looks at the factual's immutables only. Its mode is
        restored afterwards.
    factuals, answers : Tensor (B, D), float64
        x and x+, in the order of the generator's features.

    Returns
    -------
    Tensor (B,), float64
        On the CPU; -inf where x+ breaks a constraint.

    Raises
    ------
    InputError
        The two are not of one shape (B, D).

    Notes
    -----
    This is the density at temperature 1. Later features see an earlier one by its bin, as in training, so the density
    is the product over features exactly, but steps where a bin of an earlier feature ends.
    """
    shape = ("B", generator.answer_bins.n_features)
    if factuals.shape != answers.shape or factuals.ndim != 2 or factuals.shape[1] != shape[1]:
        raise InputError(
            f"log_density: expected factuals and answers of one shape {shape}, "
            f"got {tuple(factuals.shape)} and {tuple(answers.shape)}"
        )
    was_training = generator.training
    generator.eval()
    try:
        parts = [
            _log_density(generator, x.to(generator.device), answer.to(generator.device)).cpu()
            for x, answer in zip(factuals.double().split(BATCH), answers.double().split(BATCH), strict=True)
        ]
        return torch.cat(parts)
    finally:
        generator.train(was_training)


def _log_density(generator: Generator, factuals: Tensor, answers: Tensor) -> Tensor:
    bins, rules = generator.answer_bins, generator.constraints
    weights = generator.logits(factuals, answers).double().log_softmax(-1)  # (B, D, K)
    total = answers.new_zeros(len(answers))
    for feature in range(bins.n_features):
        x, answer = factuals[:, feature], answers[:, feature]
        if rules.immutable[feature]:
            total += torch.where(answer == x, 0.0, -torch.inf)
        elif rules.categorical[feature]:
            level = weights[:, feature].gather(1, answer.long().unsqueeze(-1))
            total += level.squeeze(-1)
        else:
            exists, direction = bins.exists[feature], rules.direction[feature]
            lower = torch.full_like(x, float(rules.lower[feature]))
            upper = torch.full_like(x, float(rules.upper[feature]))
            if direction > 0:  # one beyond its range stays where it is
                lower, upper = x, torch.maximum(x, upper)
            elif direction < 0:
                lower, upper = torch.minimum(x, lower), x
            total += _log_mixture(
                answer,
                weights[:, feature, exists],
                bins.representatives[feature, exists],
                bins.widths[feature, exists],
                lower,
                upper,
            )
    return total


def _log_mixture(
    value: Tensor, log_weights: Tensor, means: Tensor, widths: Tensor, lower: Tensor, upper: Tensor
) -> Tensor:
    """The log-density of a mixture of normals between bounds: (B,), (B, K), (K,), (K,), (B,), (B,) -> (B,)."""

    def standard(bound: Tensor) -> Tensor:
        return (bound.unsqueeze(-1) - means) / widths

    kernels = -(standard(value) ** 2) / 2 - widths.log() - math.log(2 * math.pi) / 2
    mass = (log_weights + _log_normal_mass(standard(lower), standard(upper))).logsumexp(-1)
    density = (log_weights + kernels).logsumexp(-1) - mass
    # Between bounds that meet, as at the end of a one-way feature, there is one value, and no density.
    density = torch.where(mass > -torch.inf, density, 0.0)
    return torch.where((value >= lower) & (value <= upper), density, -torch.inf)


def _log_normal_mass(lower: Tensor, upper: Tensor) -> Tensor:
    """Log of the standard normal's mass between bounds, exact far out in both tails."""
    right = lower > 0  # looked at from the other side, where the difference is not one of two ones
    low, high = torch.where(right, -upper, lower), torch.where(right, -lower, upper)
    log_low, log_high = torch.special.log_ndtr(low), torch.special.log_ndtr(high)
    mass: Tensor = log_high + torch.log1p(-(log_low - log_high).exp())
    return mass
