"""GenRe's files: what stands beside the generator's weights, and for whom a file may be loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from carla_genre.errors import CheckpointError
from carla_genre.generator import checkpoint
from carla_genre.generator.generator import Generator
from carla_genre.methods.core.device import choose_device
from carla_genre.methods.core.encoded_classifier import EncodedClassifier
from carla_genre.methods.genre.identity import fingerprint, fingerprint_difference, schema_difference
from carla_genre.schema import Schema
from carla_genre.selection import ExpectedScoreSelector


class Saved(NamedTuple):
    """What a file has of a GenRe: its schema has the constraints of the training."""

    generator: Generator
    schema: Schema
    hyperparams: dict[str, Any]
    selector: ExpectedScoreSelector | None


def save(
    path: str | os.PathLike[str],
    generator: Generator,
    classifier: EncodedClassifier,
    hyperparams: Mapping[str, Any],
    selector: ExpectedScoreSelector | None,
) -> None:
    """Write what :func:`read` reads."""
    header = {
        "schema": classifier.schema.to_dict(),
        "fingerprint": fingerprint(classifier.schema, classifier.scores),
        "hyperparams": {k: v for k, v in hyperparams.items() if k not in ("architecture", "training")},
        "selector": selector and selector.to_dict(),
    }
    arrays = None if selector is None else selector.objective.judge.arrays()
    checkpoint.save(path, generator, header, arrays)


def read(path: str | os.PathLike[str], mlmodel: Any, device: str) -> Saved:
    """Read a file for a classifier.

    Raises
    ------
    CheckpointError
        No such checkpoint, or one for another schema or classifier; the message says what differs.
    """
    generator, header, arrays = checkpoint.load(path, choose_device(device, "GenRe"))
    schema = Schema.from_dict(header["schema"])
    differs = schema_difference(schema, Schema.from_mlmodel(mlmodel))
    if differs:
        raise CheckpointError(f"{os.fspath(path)} was trained for another schema: {differs}")
    h = EncodedClassifier(mlmodel, schema).scores
    differs = fingerprint_difference(header["fingerprint"], fingerprint(schema, h))
    if differs:
        raise CheckpointError(f"{os.fspath(path)} was trained for another classifier: {differs}")
    hyperparams = {
        **header["hyperparams"],
        "architecture": asdict(generator.config.architecture),
        "training": asdict(generator.config.training),
        "device": device,
    }
    selector = None
    if header["selector"]:
        n_jobs = hyperparams["threads"] or -1
        selector = ExpectedScoreSelector.from_dict(header["selector"], arrays, schema, h, n_jobs)
    return Saved(generator, schema, hyperparams, selector)
