"""One question to the generator: candidates inside the limits, and the best of those that h accepts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from carla_genre.constraints import Limits
from carla_genre.generator.sampler import sample_in_batches
from carla_genre.methods.genre.hyperparameters import narrowed, to_sampling
from carla_genre.methods.genre.method import GenRe
from carla_genre.recourse.codec import TableCodec
from carla_genre.schema import Schema
from carla_genre.selection.ascent import Moves, with_ascents
from carla_genre.selection.expected_score import ScoredAnswers
from carla_genre.selection.selector import REFINED, ExpectedScoreSelector

# Subsets of a candidate's changes that are tried where only few changes are allowed.
SUBSETS = 6
# People that are asked about together.
TOGETHER = 256


@dataclass(frozen=True)
class WeightedSchema(Schema):
    """A schema whose cost counts each feature by its weight."""

    weights: tuple[float, ...] = ()

    def cost(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """See :meth:`Schema.cost`."""
        difference = np.abs(np.asarray(a, float) - np.asarray(b, float))
        changed = np.where(np.isnan(difference), np.nan, difference > 0)
        cost: np.ndarray = (np.where(self.categorical, changed, difference) * np.asarray(self.weights)).sum(
            axis=-1
        )
        return cost


class Asked(NamedTuple):
    """What B people got: the k best options, the best first, and how many candidates there were.

    ``drawn`` (B,) are the candidates drawn, ``kept`` those that keep the rules which no bound can say, ``accepted``
    those of these that h accepts; ``most`` (B,) is h of the surest candidate.
    """

    options: ScoredAnswers
    drawn: np.ndarray
    kept: np.ndarray
    accepted: np.ndarray
    most: np.ndarray


def ask(genre: GenRe, codec: TableCodec, limits: Limits, k: int = REFINED) -> Asked:
    """The k best options of B people inside their limits, (B, k, ...); NaN where there are fewer.

    Each is a row that the table can hold and that h accepts when it is asked about the decoded row.
    """
    selector, parts, places = weighted_selector(genre, limits), list[Asked](), list[np.ndarray]()
    with genre._isolated():
        for people in (np.flatnonzero(~limits.narrowed), np.flatnonzero(limits.narrowed)):
            for start in range(0, len(people), TOGETHER):
                places.append(people[start : start + TOGETHER])
                parts.append(_ask(genre, codec, limits.people(places[-1]), selector, k))
    order = np.concatenate(places).argsort()
    options = ScoredAnswers(
        *(np.concatenate(column)[order] for column in zip(*(p.options for p in parts), strict=True))
    )
    return Asked(options, *(np.concatenate(column)[order] for column in list(zip(*parts, strict=True))[1:]))


def weighted_selector(genre: GenRe, limits: Limits) -> ExpectedScoreSelector:
    """The trained selector, whose cost counts the limits' weights."""
    schema = WeightedSchema(genre.schema.features, genre.schema.columns, tuple(limits.weights))
    return replace(genre.selector, objective=replace(genre.selector.objective, schema=schema))


def draw(genre: GenRe, codec: TableCodec, limits: Limits) -> np.ndarray:
    """Candidates (B, N, D) for B people inside the bounds of their limits, each a row that the table can hold.

    The limits narrow all of these people, or none of them.
    """
    values, bounds = limits.values, limits.bounds
    given = narrowed(genre.hyperparams) if limits.narrowed.all() else genre.hyperparams
    sampling, seed = to_sampling(given), given["seed"]
    candidates = np.empty((len(values), sampling.n_samples, values.shape[1]))
    for rows, drawn in sample_in_batches(
        genre.generator, torch.from_numpy(values), sampling, seed, bounds=bounds
    ):
        candidates[rows] = drawn.numpy()
    candidates = codec.snap(values, candidates, bounds.lower, bounds.upper)
    if limits.most_changes is not None:
        candidates = with_fewer_changes(values, candidates, limits.most_changes, seed)
    return candidates


def _ask(genre: GenRe, codec: TableCodec, limits: Limits, selector: ExpectedScoreSelector, k: int) -> Asked:
    values, candidates = limits.values, draw(genre, codec, limits)
    kept = limits.allow(candidates) & (candidates != values[:, None]).any(axis=-1)
    scores = np.zeros(kept.shape)
    scores[kept] = genre.scores(candidates[kept])
    if selector.moves is not None:
        candidates, scores = _search(genre, codec, limits, selector.moves, candidates, scores)
    found = selector.objective.top_k(values, candidates, scores, k)
    allowed = None if limits.most_changes is None and not limits.rules else limits.keep_rules
    found = selector.revert(values, found, allowed)
    unsure = ~(found.validity * found.inlier >= selector.least_probability)
    for part in found:
        part[unsure] = np.nan
    drawn_each = np.full(len(values), candidates.shape[1])
    return Asked(
        found, drawn_each, kept.sum(axis=1), (scores > 0.5).sum(axis=1), scores.max(axis=1, initial=0.0)
    )


def _search(
    genre: GenRe,
    codec: TableCodec,
    limits: Limits,
    moves: Moves,
    candidates: np.ndarray,
    scores: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Candidates (B, N, D) and h of them, with ascents on h for the people none of whose candidates it accepts."""
    values, bounds = limits.values, limits.bounds

    def allowed(part: np.ndarray, points: np.ndarray) -> np.ndarray:
        own, inside = values[part], bounds.rows(part)
        near = inside.nearest(own, np.repeat(points[None], len(part), axis=0))
        return codec.snap(own, near, inside.lower, inside.upper)

    def says(own: np.ndarray, rows: np.ndarray) -> np.ndarray:
        asked = (rows != own).any(axis=-1)
        asked[asked] = limits.keep_rules(own[asked], rows[asked])
        said = np.zeros(len(rows))
        said[asked] = genre.scores(rows[asked])
        return said

    return with_ascents(values, candidates, scores, moves, allowed, says)


def with_fewer_changes(values: np.ndarray, candidates: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Candidates (B, N, D) that change at most so many features, some from each that changes more: (B, N * 6, D).

    Which of the changes are kept is drawn, evenly among a candidate's changes.
    """
    _, n, d = candidates.shape
    random = np.random.default_rng([seed, most])
    changed = candidates != values[:, None]
    each = np.repeat(candidates, SUBSETS, axis=1)
    # the same numbers for every person: a person's options do not depend on the company
    order = np.where(np.repeat(changed, SUBSETS, axis=1), random.random((n * SUBSETS, d)), np.inf)
    rank = order.argsort(axis=-1, kind="stable").argsort(axis=-1, kind="stable")
    return np.where(rank < most, each, values[:, None])
