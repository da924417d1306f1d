"""A generator for a new classifier, gamma or lambda that starts from a trained one's weights and bins."""

from __future__ import annotations

from dataclasses import asdict

from carla_genre.errors import CheckpointError
from carla_genre.generator import checkpoint
from carla_genre.generator.config import Architecture, Binning, GeneratorConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.generator import Generator
from carla_genre.methods.core.schema_difference import schema_difference
from carla_genre.schema import Schema


def started_from(
    path: str, config: GeneratorConfig, constraints: FeatureConstraints, schema: Schema
) -> Generator:
    """The generator to train further: a saved one's weights and bins, under the new configuration.

    The bins stay, since the weights are about them. A value that is common only in the new D_h+ is spoken for by
    the nearest bin.

    Parameters
    ----------
    path : str
        What :meth:`carla_genre.GenRe.save` wrote, for whatever classifier.
    config : GeneratorConfig
        Of the new training.
    constraints : FeatureConstraints
    schema : Schema

    Raises
    ------
    CheckpointError
        There is no such generator, or it is of another schema, network or binning; the message says what differs.
    """
    saved, header = checkpoint.load(path)
    differs = _schema_differs(Schema.from_dict(header["schema"]), schema)
    if differs:
        raise CheckpointError(f"warm_start: {path} was trained for another schema: {differs}")
    differs = _settings_differ(saved.config, config)
    if differs:
        raise CheckpointError(
            f"warm_start: {path} has {differs}; give the preset, architecture, n_bins and binning that it has"
        )
    generator = Generator(config, constraints, saved.factual_bins, saved.answer_bins)
    generator.transformer.load_state_dict(saved.transformer.state_dict())
    return generator


def _schema_differs(saved: Schema, found: Schema) -> str | None:
    """The first difference, constraints included: what was immutable has not been learned."""
    difference = schema_difference(saved, found)
    if difference is None and saved != found:
        pairs = zip(saved.features, found.features, strict=True)
        one, other = next((one, other) for one, other in pairs if one != other)
        difference = f"feature {one.name!r} was {one}, is {other}"
    return difference


def _settings_differ(saved: GeneratorConfig, asked: GeneratorConfig) -> str | None:
    """What the weights and the bins depend on, where it is not as asked."""
    there, here = _shape(saved.architecture, saved.binning), _shape(asked.architecture, asked.binning)
    apart = [f"{name} {there[name]!r}, not {here[name]!r}" for name in there if there[name] != here[name]]
    return ", ".join(apart) or None


def _shape(architecture: Architecture, binning: Binning) -> dict[str, object]:
    named = {f"architecture.{name}": value for name, value in asdict(architecture).items()}
    return {**named, "n_bins": binning.n_bins, "binning": binning.kind}
