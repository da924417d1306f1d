"""A trained generator on disk: safetensors, which load without executing code, with a JSON header."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from carla_genre.errors import CheckpointError
from carla_genre.generator.bins import Bins
from carla_genre.generator.config import DEFAULT, GeneratorConfig
from carla_genre.generator.constraints import FeatureConstraints
from carla_genre.generator.generator import Generator
from carla_genre.io import whole_file

FORMAT = "carla-genre generator"
VERSION = 1
_ARRAYS = "arrays"


def save(
    path: str | os.PathLike[str],
    generator: Generator,
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write a generator, whole or not at all.

    Parameters
    ----------
    path : path
        Conventionally ``*.safetensors``; its folder is made.
    generator : Generator
    header : mapping
        What the caller needs to recognise it (schema, classifier's fingerprint), in JSON's types.
    arrays : mapping, optional
        What else the caller wants back, from :func:`load_arrays`.
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
        "format": FORMAT,
        "version": str(VERSION),
        "config": json.dumps(dataclasses.asdict(generator.config)),
        "header": json.dumps(header),
    }
    with whole_file(path) as part:
        save_file(tensors, part, metadata)


def load(
    path: str | os.PathLike[str], device: torch.device | str = "cpu"
) -> tuple[Generator, dict[str, Any]]:
    """Read what :func:`save` wrote.

    Returns
    -------
    generator : Generator
        On ``device``, in eval mode.
    header : dict

    Raises
    ------
    CheckpointError
        The file is missing, is something else, or of a later format.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is no checkpoint of this package, or is damaged: {error}") from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path} is no checkpoint of this package")
    if int(metadata["version"]) > VERSION:
        raise CheckpointError(
            f"{path} has format {metadata['version']}, this carla-genre reads up to {VERSION}: upgrade carla-genre"
        )
    try:
        generator = _rebuild(json.loads(metadata["config"]), tensors)
        header = json.loads(metadata["header"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
    return generator.to(device).eval(), header


def load_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The ``arrays`` of a file that :func:`load` has read before."""
    start = f"{_ARRAYS}/"
    with safe_open(Path(path), framework="np") as file:
        names = [name for name in file.keys() if name.startswith(start)]  # noqa: SIM118 (no mapping)
        return {name.removeprefix(start): file.get_tensor(name) for name in names}


def _rebuild(config: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Generator:
    def part(prefix: str) -> dict[str, torch.Tensor]:
        return {name[len(prefix) + 1 :]: t for name, t in tensors.items() if name.startswith(prefix + "/")}

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
