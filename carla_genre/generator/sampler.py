"""Forward sampling of recourse candidates (Algorithm 2), all factuals and candidates in one batch."""

from __future__ import annotations

import torch
from torch import Tensor

from carla_genre.generator.config import SamplingConfig
from carla_genre.generator.decoding import DecodingCache
from carla_genre.generator.generator import Generator
from carla_genre.generator.randomness import normals, row_keys, uniforms

# Candidates that are decoded together; bounds memory, changes no answer.
BATCH = 1 << 14


@torch.no_grad()
def sample(generator: Generator, factuals: Tensor, sampling: SamplingConfig, seed: int) -> Tensor:
    """Draw candidates for factuals.

    An immutable position is given the factual's value. A bin that the factual's constraints forbid is
    never drawn. A feature whose bin is drawn that the factual's own value lies in keeps that value, so
    an unchanged feature is unchanged exactly.

    Parameters
    ----------
    generator : Generator
        Its mode is restored afterwards.
    factuals : Tensor (B, D), float64
        Encoded rows.
    sampling : SamplingConfig
    seed : int
        A row's candidates depend on it and on the row's values only.

    Returns
    -------
    Tensor (B, N, D), float64
        On the CPU.
    """
    was_training = generator.training
    generator.eval()
    try:
        size = max(1, BATCH // sampling.n_samples)
        parts = [
            _sample(generator, part.to(generator.device), sampling, seed)
            for part in factuals.double().split(size)
        ]
        return (
            torch.cat(parts).cpu() if parts else factuals.new_empty(0, sampling.n_samples, factuals.shape[1])
        )
    finally:
        generator.train(was_training)


def _sample(generator: Generator, factuals: Tensor, sampling: SamplingConfig, seed: int) -> Tensor:
    bins, rules, n = generator.answer_bins, generator.rules, sampling.n_samples
    keys = row_keys(factuals, seed)
    cache = DecodingCache(generator.transformer, generator.factual_bins.index(factuals), factuals.float(), n)
    own = bins.index(factuals)  # (B, D): the bin that each factual's value is nearest to
    inside = bins.holds(factuals) | bins.categorical
    answers = factuals.new_empty(len(factuals), n, factuals.shape[1])
    index: Tensor | None = None
    value: Tensor | None = None
    for feature in range(factuals.shape[1]):
        logits = cache.step(feature, index, value)
        factual = factuals[:, feature].repeat_interleave(n)
        factual_bin = own[:, feature].repeat_interleave(n)
        if rules.immutable[feature]:
            index, answer = factual_bin, factual
        else:
            allowed = _allowed(
                generator, feature, factuals[:, feature], own[:, feature], inside[:, feature]
            ).repeat_interleave(n, 0)
            probability = (
                (logits.double() * sampling.temperature).masked_fill(~allowed, -torch.inf).softmax(-1)
            )
            uniform = uniforms(keys, 2 * feature, n).flatten()
            index = _draw(probability, uniform)
            answer = bins.representatives[feature][index]
            if sampling.sigma and not rules.categorical[feature]:
                noise = normals(keys, 2 * feature + 1, n).flatten()
                answer = _within(answer + sampling.sigma * noise, generator, feature, factual)
            keeps = (index == factual_bin) & inside[:, feature].repeat_interleave(n)
            answer = torch.where(keeps, factual, answer)
            stuck = ~allowed.any(-1)  # no bin is allowed: the factual's own value always is
            answer, index = torch.where(stuck, factual, answer), torch.where(stuck, factual_bin, index)
        answers[:, :, feature] = answer.view(-1, n)
        value = bins.representatives[feature][index].float()
    return answers


def _draw(probability: Tensor, uniform: Tensor) -> Tensor:
    """Inverse of the cumulative distribution: (B, K), (B,) -> long (B,)."""
    cumulative = probability.nan_to_num(0.0).cumsum(-1)
    place = (cumulative <= (uniform * cumulative[:, -1]).unsqueeze(-1)).sum(-1)
    return place.clamp_(max=probability.shape[1] - 1)


def _allowed(generator: Generator, feature: int, factual: Tensor, own: Tensor, inside: Tensor) -> Tensor:
    """Which bins a factual may be moved to, from its values, their bins and whether these hold them: bool (B, K)."""
    bins, rules = generator.answer_bins, generator.rules
    points, exists = bins.representatives[feature], bins.exists[feature]
    if rules.categorical[feature]:
        return exists.expand(len(factual), -1)
    allowed = (points >= rules.lower[feature]) & (points <= rules.upper[feature]) & exists
    difference = (points - factual.unsqueeze(-1)) * float(rules.direction[feature])
    allowed = allowed & (difference >= 0)
    # The factual's own bin stands for its own value, which is always allowed.
    is_own = torch.arange(len(points), device=points.device) == own.unsqueeze(-1)
    return allowed | (is_own & inside.unsqueeze(-1))


def _within(answer: Tensor, generator: Generator, feature: int, factual: Tensor) -> Tensor:
    """Clip noisy values into the range and the allowed direction."""
    rules = generator.rules
    lower = torch.full_like(answer, float(rules.lower[feature]))
    upper = torch.full_like(answer, float(rules.upper[feature]))
    if rules.direction[feature] > 0:
        lower = torch.maximum(lower, factual)
    if rules.direction[feature] < 0:
        upper = torch.minimum(upper, factual)
    return torch.maximum(torch.minimum(answer, upper), lower)
