"""GenRe's files: what stands beside the generator's weights, and for whom a file may be loaded."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from carla_genre.errors import CheckpointError
from carla_genre.generator import checkpoint
from carla_genre.generator.export import export
from carla_genre.methods.core.device import choose_device
from carla_genre.methods.core.fingerprint import difference, fingerprint
from carla_genre.methods.core.schema_difference import schema_difference
from carla_genre.methods.genre.hyperparameters import to_sampling
from carla_genre.schema import Schema

if TYPE_CHECKING:
    from carla_genre.methods.genre.method import GenRe

_UNKNOWN_TO_OLD_FILES = {"revert": True, "risk": None, "distil": False, "warm_start": None}


def save(genre: GenRe, path: str | os.PathLike[str]) -> None:
    """Write what :func:`load` reads, and what the rule "expected" has learnt where it has been fitted."""
    values = {k: v for k, v in genre.hyperparams.items() if k not in ("architecture", "training")}
    header = {
        "schema": genre.schema.to_dict(),
        "fingerprint": fingerprint(genre.schema, genre.scores),
        "hyperparams": values,
    }
    arrays = None
    if "choice" in genre.__dict__:
        header["choice"] = genre.choice.to_dict()
        arrays = genre.choice.rule.opinion.learnt
    elif genre._kept is not None:  # loaded, and not asked for since
        header["choice"], arrays = genre._kept
    checkpoint.save(path, genre.generator, header, arrays)


def save_for_torch(genre: GenRe, path: str | os.PathLike[str]) -> None:
    """Write a program that torch alone runs; it samples as "validity" does where the rule is "expected".

    Raises
    ------
    InputError
        The path does not end in ``.pt2``.
    """
    values = genre.hyperparams
    if values["selection"] == "expected":
        values = genre.with_sampling(selection="validity").hyperparams
    sampling = to_sampling(values)
    description = {"schema": genre.schema.to_dict(), "sampling": asdict(sampling)}
    export(path, genre.generator, sampling, description)


def load(method: GenRe, path: str | os.PathLike[str], mlmodel: Any, device: str) -> None:
    """Give a GenRe without attributes those of a file.

    Raises
    ------
    CheckpointError
        No such checkpoint, or one for another schema or classifier; the message says what differs.
    """
    generator, header = checkpoint.load(path, choose_device(device, "GenRe"))
    saved = Schema.from_dict(header["schema"])
    method._mlmodel = mlmodel
    method.schema = saved
    plain = Schema.from_mlmodel(mlmodel)
    differs = schema_difference(saved, plain)
    if differs:
        raise CheckpointError(f"{os.fspath(path)} was trained for another schema: {differs}")
    apart = difference(header["fingerprint"], fingerprint(saved, method.scores))
    if apart:
        raise CheckpointError(f"{os.fspath(path)} was trained for another classifier: {apart}")
    method.hyperparams = {
        **_UNKNOWN_TO_OLD_FILES,
        **header["hyperparams"],
        "architecture": asdict(generator.config.architecture),
        "training": asdict(generator.config.training),
        "device": device,
    }
    method.generator, method.history, method.seconds = generator, None, {}
    method.device = generator.device
    if "choice" in header:
        method._kept = (header["choice"], checkpoint.load_arrays(path))
