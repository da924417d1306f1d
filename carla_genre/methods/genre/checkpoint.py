"""GenRe's files: what stands beside the generator's weights, and for whom a file may be loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from carla_genre.errors import CheckpointError
from carla_genre.generator import checkpoint
from carla_genre.generator.config import SamplingConfig
from carla_genre.generator.export import export
from carla_genre.generator.generator import Generator
from carla_genre.methods.core.device import choose_device
from carla_genre.methods.core.encoded_classifier import EncodedClassifier
from carla_genre.methods.core.fingerprint import difference, fingerprint
from carla_genre.methods.core.schema_difference import schema_difference
from carla_genre.schema import Schema
from carla_genre.selection import ExpectedScoreSelector


@dataclass(frozen=True)
class Saved:
    """What a file has of a GenRe.

    Attributes
    ----------
    generator : Generator
    schema : Schema
        With the constraints of the training.
    hyperparams : dict
        All values.
    selector_content : mapping, optional
        :meth:`ExpectedScoreSelector.to_dict` of a selector that was fitted ...
    selector_arrays : mapping
        ... and its judge's arrays.
    """

    generator: Generator
    schema: Schema
    hyperparams: dict[str, Any]
    selector_content: Mapping[str, Any] | None
    selector_arrays: Mapping[str, np.ndarray]

    def selector(self, h: Callable[[np.ndarray], np.ndarray], n_jobs: int) -> ExpectedScoreSelector | None:
        """The selector, if one was fitted; ``h`` gives the scores of encoded rows."""
        if self.selector_content is None:
            return None
        return ExpectedScoreSelector.from_dict(
            self.selector_content, self.selector_arrays, self.schema, h, n_jobs
        )


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
    generator, header = checkpoint.load(path, choose_device(device, "GenRe"))
    schema = Schema.from_dict(header["schema"])
    differs = schema_difference(schema, Schema.from_mlmodel(mlmodel))
    if differs:
        raise CheckpointError(f"{os.fspath(path)} was trained for another schema: {differs}")
    apart = difference(header["fingerprint"], fingerprint(schema, EncodedClassifier(mlmodel, schema).scores))
    if apart:
        raise CheckpointError(f"{os.fspath(path)} was trained for another classifier: {apart}")
    hyperparams = {
        **header["hyperparams"],
        "architecture": asdict(generator.config.architecture),
        "training": asdict(generator.config.training),
        "device": device,
    }
    arrays = checkpoint.load_arrays(path) if header["selector"] else {}
    return Saved(generator, schema, hyperparams, header["selector"], arrays)


def export_program(
    path: str | os.PathLike[str], generator: Generator, schema: Schema, sampling: SamplingConfig
) -> None:
    """Write a program that torch alone runs.

    Raises
    ------
    InputError
        The path does not end in ``.pt2``.
    """
    export(path, generator, sampling, {"schema": schema.to_dict(), "sampling": asdict(sampling)})
