"""The generator and the pairs that a training starts with: new, or a trained generator's weights and bins."""

from __future__ import annotations

import logging
from dataclasses import asdict

import numpy as np
import torch

from carla_genre.errors import CheckpointError, InputError
from carla_genre.generator import checkpoint
from carla_genre.generator.config import GeneratorConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs, find_pairs
from carla_genre.methods.genre.identity import schema_difference
from carla_genre.schema import Schema
from carla_genre.schema.training_rows import Sides

log = logging.getLogger(__name__)

# The network squares values in single precision.
LARGEST = 1e18


def untrained_generator(
    config: GeneratorConfig, schema: Schema, sides: Sides, device: torch.device
) -> tuple[Generator, Pairs]:
    """The pairs of D_h- and D_h+, and a generator that fits them, new or from ``config.warm_start``.

    Raises
    ------
    CheckpointError
        ``config.warm_start`` is no generator of this schema, network and binning.
    InputError
        A value is not finite, or too large for the network.
    """
    for name, *columns in zip(schema.names, sides.denied.T, sides.accepted.T, strict=True):
        largest = np.abs(np.concatenate(columns)).max()
        if not largest <= LARGEST:
            raise InputError(
                f"column {name!r} has the value {largest:.4g} among the encoded training rows, and the network reads "
                f"up to {LARGEST:.0e}: correct it, or scale the column"
            )
    constraints = schema.constraints
    old = config.warm_start
    started = None if old is None else _started_from(old, config, constraints, schema)
    pairs = find_pairs(sides.denied, sides.accepted, constraints, config.pairs, device)
    _warn_of_unmatched(pairs, schema)
    generator = started or Generator.for_pairs(config, constraints, schema.level_counts, pairs)
    return generator.to(device), pairs


def _warn_of_unmatched(pairs: Pairs, schema: Schema) -> None:
    """Log how many denied rows have no accepted row that their constraints allow, if any."""
    if not pairs.n_relaxed and not pairs.n_unmatched:
        return
    names = ", ".join(feature.name for feature in schema.features if feature.immutable) or "none"
    log.warning(
        "of %d denied training rows, %d have no accepted row of the same immutables (%s) that their constraints allow: "
        "%d are paired with the accepted rows nearest in them, %d are not learned from, so that factuals like these "
        "get answers that are extrapolated, or NaN; what is immutable stays as it is for everyone",
        len(pairs) + pairs.n_unmatched,
        pairs.n_relaxed + pairs.n_unmatched,
        names,
        pairs.n_relaxed,
        pairs.n_unmatched,
    )


def _started_from(
    path: str, config: GeneratorConfig, constraints: FeatureConstraints, schema: Schema
) -> Generator:
    """A saved generator's weights and bins under a new configuration, for another classifier, gamma or lambda.

    The bins stay, since the weights are about them. A value that is common only in the new D_h+ is spoken for by
    the nearest bin. The constraints must be the same: what was immutable has not been learned.
    """
    saved, header, _ = checkpoint.load(path)
    differs = schema_difference(Schema.from_dict(header["schema"]), schema, exactly=True)
    if differs:
        raise CheckpointError(f"warm_start: {path} was trained for another schema: {differs}")
    there, here = _shape(saved.config), _shape(config)
    apart = [f"{name} {there[name]!r}, not {here[name]!r}" for name in there if there[name] != here[name]]
    if apart:
        raise CheckpointError(
            f"warm_start: {path} has {', '.join(apart)}; give the preset, architecture, n_bins and binning that it has"
        )
    generator = Generator(config, constraints, saved.factual_bins, saved.answer_bins)
    generator.transformer.load_state_dict(saved.transformer.state_dict())
    return generator


def _shape(config: GeneratorConfig) -> dict[str, object]:
    """What the weights and the bins depend on."""
    named = {f"architecture.{name}": value for name, value in asdict(config.architecture).items()}
    return {**named, "n_bins": config.binning.n_bins, "binning": config.binning.kind}
