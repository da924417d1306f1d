"""A trained generator as one file that answers with torch alone, without this package.

The format is torch.export's: a graph of torch's own operations with its weights. ONNX would not do: it has neither the
reinterpreted bits nor the wrapping integer products of the random numbers, so that its answers would be others.
"""

from __future__ import annotations

import copy
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from carla_genre.errors import InputError
from carla_genre.generator.config import SamplingConfig
from carla_genre.generator.generator import Generator
from carla_genre.generator.sampler import draw
from carla_genre.io import write_bytes
from carla_genre.threads import plain_torch

DESCRIPTION = "description.json"


class _Candidates(nn.Module):
    """Sampling as a function of factuals and a seed, whose shapes do not depend on what is drawn."""

    def __init__(self, generator: Generator, sampling: SamplingConfig) -> None:
        super().__init__()
        self.generator, self.sampling = generator, sampling

    def forward(self, factuals: Tensor, seed: Tensor) -> Tensor:
        return draw(self.generator, factuals, self.sampling, seed, share=False)


def export(
    path: str | os.PathLike[str],
    generator: Generator,
    sampling: SamplingConfig,
    description: Mapping[str, Any],
) -> None:
    """Write a generator that ``torch.export.load(path).module()`` reads where this package is not installed.

    What is read is a function of factuals (B, D), float64, encoded as the generator's own, any B >= 1, and of a
    seed, a Tensor () of int64. It gives the candidates (B, N, D), float64, of
    :func:`carla_genre.generator.sampler.sample`, the same numbers, constraints included. It runs on the CPU, by the
    version of torch that wrote it: versions far apart do not read each other's files.

    ``path`` is ``*.pt2``; its folder is made, and an existing file is replaced as a whole. ``sampling`` is fixed in the
    file. ``description`` is what a caller needs to know of the features, in JSON's types: the extra file
    ``description.json``, with torch's version as ``torch``.

    Raises
    ------
    InputError
        The path does not end in ``.pt2``, or cannot be written.
    """
    path = Path(path)
    if path.suffix != ".pt2":
        raise InputError(f"export: torch names its files *.pt2, got {path.name!r}")
    module = _Candidates(copy.deepcopy(generator).cpu(), sampling).eval()
    factuals = generator.answer_bins.representatives.cpu()[:, 0].repeat(2, 1)  # any valid rows
    with plain_torch(), torch.no_grad():
        program = torch.export.export(
            module,
            (factuals, torch.tensor(0)),
            dynamic_shapes=({0: torch.export.Dim("B", min=1, max=1 << 32)}, None),
            strict=False,
        )
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # where the sources lay on this machine
    extra = json.dumps({**description, "torch": torch.__version__})
    # First into memory: an error of the disk inside torch's writer would end the process.
    stream = io.BytesIO()
    torch.export.save(program, stream, extra_files={DESCRIPTION: extra})
    write_bytes(path, stream.getvalue())
