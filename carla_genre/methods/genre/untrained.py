"""The generator and the pairs that a training starts with."""

from __future__ import annotations

import logging

import torch

from carla_genre.generator.config import GeneratorConfig
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, find_pairs
from carla_genre.methods.core.feature_constraints import feature_constraints, level_counts
from carla_genre.methods.genre.warm_start import started_from
from carla_genre.schema import Schema
from carla_genre.schema.training_rows import Sides

log = logging.getLogger(__name__)


def untrained_generator(
    config: GeneratorConfig, schema: Schema, sides: Sides, device: torch.device
) -> tuple[Generator, Pairs]:
    """The pairs of D_h- and D_h+, and a generator that fits them, new or from ``config.warm_start``.

    Raises
    ------
    CheckpointError
        ``config.warm_start`` is no generator of this schema, network and binning.
    """
    constraints = feature_constraints(schema)
    old = config.warm_start
    started = None if old is None else started_from(old, config, constraints, schema)
    pairs = find_pairs(sides.denied, sides.accepted, constraints, config.pairs, device)
    _warn_of_unmatched(pairs, schema)
    generator = started or Generator.for_pairs(config, constraints, level_counts(schema), pairs)
    return generator.to(device), pairs


def _warn_of_unmatched(pairs: Pairs, schema: Schema) -> None:
    """Log how many denied rows have no accepted row that their constraints allow, if any."""
    if not pairs.n_relaxed and not pairs.n_unmatched:
        return
    names = ", ".join(feature.name for feature in schema.features if feature.immutable) or "none"
    log.warning(
        "of %d denied training rows, %d have no accepted row of the same immutables (%s) that their constraints allow: "
        "%d are paired with the accepted rows nearest in them, %d are not learned from, so that people like these get "
        "answers that are extrapolated, or NaN; what is immutable stays as it is for everyone",
        len(pairs) + pairs.n_unmatched,
        pairs.n_relaxed + pairs.n_unmatched,
        names,
        pairs.n_relaxed,
        pairs.n_unmatched,
    )
