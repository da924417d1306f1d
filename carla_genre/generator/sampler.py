"""Forward sampling of recourse candidates (Algorithm 2), all factuals and candidates of a batch at once."""

from __future__ import annotations

import logging
from collections import abc

import torch
from torch import Tensor

from carla_genre.errors import InputError
from carla_genre.generator.config import SamplingConfig
from carla_genre.generator.constraints import Bounds
from carla_genre.generator.decoding import bytes_per_answer
from carla_genre.generator.generator import Generator
from carla_genre.generator.patches import make_decoding
from carla_genre.generator.randomness import normals, row_keys, uniforms
from carla_genre.progress import bar

log = logging.getLogger(__name__)

# What the keys and values of a batch may take at most, by kind of device; it changes no answer.
BATCH_BYTES = {"cpu": 1 << 26, "cuda": 1 << 31}


def sample(
    generator: Generator, factuals: Tensor, sampling: SamplingConfig, seed: int, bounds: Bounds | None = None
) -> Tensor:
    """Draw candidates for factuals.

    An immutable position is given the factual's value. A bin that the factual's constraints forbid is
    never drawn. A feature whose bin is drawn that the factual's own value lies in keeps that value, so
    an unchanged feature is unchanged exactly.

    A row's candidates depend on the seed and on the row's values and ``bounds`` only; these are each row's own, on top
    of the features' constraints. The generator's mode is restored afterwards.
    Encoded rows (B, D), float64 -> (B, N, D), float64, on the CPU.
    """
    answers = torch.empty(len(factuals), sampling.n_samples, factuals.shape[1], dtype=torch.float64)
    for rows, candidates in sample_in_batches(generator, factuals, sampling, seed, bounds=bounds):
        answers[rows] = candidates
    return answers


def sample_in_batches(
    generator: Generator,
    factuals: Tensor,
    sampling: SamplingConfig,
    seed: int,
    verbose: bool = False,
    bounds: Bounds | None = None,
) -> abc.Generator[tuple[slice, Tensor], None, None]:
    """Draw the candidates of :func:`sample`, a batch at a time: a slice of the factuals, and theirs on the CPU.

    With ``verbose`` a terminal is shown a bar, where there are several batches. Out of memory, batches become smaller.
    """
    size, start = batch_size(generator, sampling.n_samples), 0
    with bar("answer", len(factuals), verbose and len(factuals) > size) as done:
        while start < len(factuals):
            rows = slice(start, min(start + size, len(factuals)))
            was_training = generator.training
            generator.eval()
            try:
                batch, own = factuals[rows].to(generator.device).double(), bounds and bounds.rows(rows)
                candidates = draw(generator, batch, sampling, seed, bounds=own).cpu()
            except torch.OutOfMemoryError as error:
                if rows.stop - start == 1:
                    raise InputError(
                        f"too little memory for {sampling.n_samples} candidates of one row: ask for fewer n_samples"
                    ) from error
                candidates = None
            finally:
                generator.train(was_training)
            if candidates is None:
                log.warning(
                    "%d rows together need more memory than there is: half of them are tried",
                    rows.stop - start,
                )
                size = (rows.stop - start) // 2
                torch.cuda.empty_cache()
                continue
            yield rows, candidates
            start = rows.stop
            done.advance(len(candidates))


def batch_size(generator: Generator, n_samples: int) -> int:
    """How many factuals are answered together."""
    room = BATCH_BYTES.get(generator.device.type, BATCH_BYTES["cpu"])
    return max(1, room // (n_samples * bytes_per_answer(generator.transformer)))


@torch.no_grad()
def draw(
    generator: Generator,
    factuals: Tensor,
    sampling: SamplingConfig,
    seed: int | Tensor,
    share: bool = True,
    bounds: Bounds | None = None,
) -> Tensor:
    """One batch of :func:`sample`, (B, D) -> (B, N, D), on the generator's device and in its mode.

    With ``share`` what a row's candidates have in common is computed once; the answers are the same without.
    """
    bins, n = generator.answer_bins, sampling.n_samples
    keys, own = row_keys(factuals, seed), bins.index(factuals)
    inside = bins.holds(factuals) | bins.categorical
    read = generator.factual_bins.index(factuals)
    # Norms square what they read: beyond this, single precision has no logits, which would forbid nothing.
    decoding = make_decoding(generator.transformer, read, factuals.clamp(-1e15, 1e15).float(), n, share)
    answers = factuals.unsqueeze(1).repeat(1, n, 1)
    uniform = uniforms(keys, 2 * torch.arange(bins.n_features, device=keys.device).view(-1, 1, 1), n)
    for feature in range(bins.n_features):
        kept = own[:, feature : feature + 1]
        if generator.constraints.immutable[feature]:
            decoding.skip()
            chosen = kept.expand(-1, n)
        else:
            weights = decoding.logits().double() * sampling.temperature
            allowed = _allowed(generator, feature, factuals[:, feature], kept, inside[:, feature], bounds)
            if allowed is not None:
                weights = weights.masked_fill(~allowed[decoding.owner], -torch.inf)
            chosen = _draw(weights, decoding.branch, uniform[feature])
            keeps = (chosen == kept) & inside[:, feature : feature + 1]
            if allowed is not None:  # where no bin is, the factual's own value is allowed
                stuck = ~allowed.any(-1, keepdim=True)
                chosen, keeps = torch.where(stuck, kept, chosen), keeps | stuck
            answer = bins.representatives[feature][chosen]
            if sampling.sigma and not generator.constraints.categorical[feature]:
                noise = normals(keys, 2 * feature + 1, n)
                answer = _within(
                    answer + sampling.sigma * noise, generator, feature, factuals[:, feature], bounds
                )
            answers[:, :, feature] = torch.where(keeps, answers[:, :, feature], answer)
        if feature + 1 < bins.n_features:
            decoding.append(chosen, bins.representatives[feature])
    return answers


def _draw(weights: Tensor, branch: Tensor, uniform: Tensor) -> Tensor:
    """Inverse of the cumulative distribution: log-weights (R, K), branches and numbers (B, N) -> long (B, N)."""
    cumulative = weights.softmax(-1).cumsum(-1)[branch]  # (B, N, K)
    threshold = uniform.unsqueeze(-1) * cumulative[..., -1:]
    place = torch.searchsorted(cumulative, threshold, right=True).squeeze(-1)
    return place.clamp_(max=weights.shape[1] - 1)


def _allowed(
    generator: Generator, feature: int, factual: Tensor, own: Tensor, inside: Tensor, bounds: Bounds | None
) -> Tensor | None:
    """Which of its bins a factual may be moved to: bool (B, K_j), or None where every one may to all.

    From the factuals' values (B,), their bins (B, 1), and whether these hold them (B,).
    """
    constraints, n_bins = generator.constraints, generator.transformer.head.n_bins[feature]
    if bounds is None and not generator.limited[feature]:
        return None
    points = generator.answer_bins.representatives[feature, :n_bins]
    allowed = (points >= constraints.lower[feature]) & (points <= constraints.upper[feature])
    difference = (points - factual.unsqueeze(-1)) * float(constraints.direction[feature])
    allowed = allowed & (difference >= 0)
    if bounds is not None:
        lower, upper = _ends(bounds, feature, points)
        allowed = allowed & (points >= lower) & (points <= upper)
        if feature in bounds.levels:
            allowed = allowed & torch.from_numpy(bounds.levels[feature]).to(points.device)
    # The factual's own bin stands for its own value, which is always allowed.
    is_own = torch.arange(n_bins, device=points.device) == own
    with_own: Tensor = allowed | (is_own & inside.unsqueeze(-1))
    return with_own


def _ends(bounds: Bounds, feature: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """The least and the greatest that each factual's feature may be, (B, 1) each, of the kind of ``like``."""
    lower, upper = (torch.from_numpy(end[:, feature, None]).to(like) for end in (bounds.lower, bounds.upper))
    return lower, upper


def _within(
    answer: Tensor, generator: Generator, feature: int, factual: Tensor, bounds: Bounds | None
) -> Tensor:
    """Clip noisy values (B, N) into the range and the allowed direction from the factuals' (B,)."""
    constraints, start = generator.constraints, factual.unsqueeze(-1)
    answer = answer.clamp(float(constraints.lower[feature]), float(constraints.upper[feature]))
    if bounds is not None:
        lower, upper = _ends(bounds, feature, answer)
        answer = torch.minimum(torch.maximum(answer, lower), upper)
    if constraints.direction[feature] > 0:
        return torch.maximum(answer, start)
    return torch.minimum(answer, start) if constraints.direction[feature] < 0 else answer
