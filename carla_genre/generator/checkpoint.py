"""A trained generator on disk: safetensors, which load without executing code, with a JSON header."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors

from carla_genre.errors import CheckpointError
from carla_genre.generator.bins import Bins
from carla_genre.generator.config import DEFAULT, GeneratorConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.generator import Generator
from carla_genre.io import SEAL, at_home, read_sealed, write_sealed
from carla_genre.threads import plain_torch

FORMAT = "carla-genre generator"
VERSION = 1
_ARRAYS = "arrays"


def save(
    path: str | os.PathLike[str],
    generator: Generator,
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write a generator, whole or not at all; InputError where it cannot be written.

    ``path`` is conventionally ``*.safetensors``; its folder is made. ``header`` is what the caller needs to recognise
    it (schema, classifier's fingerprint), in JSON's types; ``arrays`` what else the caller wants back.
    """
    tensors = {f"weights/{k}": v.cpu().contiguous() for k, v in generator.transformer.state_dict().items()}
    for side in ("factual_bins", "answer_bins"):
        for name, tensor in getattr(generator, side).state_dict().items():
            tensors[f"{side}/{name}"] = tensor.cpu().contiguous()
    for field in dataclasses.fields(FeatureConstraints):
        tensors[f"constraints/{field.name}"] = torch.from_numpy(
            np.array(getattr(generator.constraints, field.name))
        )
    for name, array in (arrays or {}).items():
        tensors[f"{_ARRAYS}/{name}"] = torch.from_numpy(np.ascontiguousarray(array))
    metadata = {
        "digest": SEAL,
        "format": FORMAT,
        "version": str(VERSION),
        "config": json.dumps(dataclasses.asdict(generator.config)),
        "header": json.dumps(header),
    }
    write_sealed(path, safetensors.save(tensors, metadata))


def load(
    path: str | os.PathLike[str], device: torch.device | str = "cpu"
) -> tuple[Generator, dict[str, Any], dict[str, np.ndarray]]:
    """Read what :func:`save` wrote: the generator, on ``device`` and in eval mode, the header and the arrays.

    CheckpointError where the file is missing, is something else, damaged, or of a later format.
    """
    path = at_home(path)
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}")
    content = read_sealed(path)
    try:
        metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        if metadata["format"] != FORMAT:
            raise CheckpointError(f"{path} is no checkpoint of this package")
        if int(metadata["version"]) > VERSION:
            raise CheckpointError(
                f"{path} has format {metadata['version']}, this carla-genre reads up to {VERSION}: "
                "upgrade carla-genre"
            )
        tensors = safetensors.load(content)
        with torch.random.fork_rng(devices=[]), plain_torch():  # its weights are drawn before they are read
            generator = _rebuild(json.loads(metadata["config"]), tensors)
        header = json.loads(metadata["header"])
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path} is damaged: {error}") from error
    arrays = {name: tensor.numpy() for name, tensor in _part(tensors, _ARRAYS).items()}
    return generator.to(device).eval(), header, arrays


def _part(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name[len(prefix) + 1 :]: t for name, t in tensors.items() if name.startswith(prefix + "/")}


def _rebuild(config: dict[str, Any], tensors: Mapping[str, torch.Tensor]) -> Generator:
    part = partial(_part, tensors)
    constraints = FeatureConstraints(**{name: tensor.numpy() for name, tensor in part("constraints").items()})
    generator = Generator(
        config_from_dict(config), constraints, Bins(**part("factual_bins")), Bins(**part("answer_bins"))
    )
    generator.transformer.load_state_dict(part("weights"))
    return generator


def config_from_dict(content: Mapping[str, Any]) -> GeneratorConfig:
    """The inverse of ``dataclasses.asdict``."""
    given: dict[str, Any] = {
        name: dataclasses.replace(part, **content[name])
        for name, part in vars(DEFAULT).items()
        if dataclasses.is_dataclass(part) and not isinstance(part, type)
    }
    return GeneratorConfig(**given, warm_start=content.get("warm_start"))
