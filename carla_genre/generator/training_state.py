"""What training has done so far: its history, and the state that a stopped training resumes from."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from carla_genre.errors import CheckpointError
from carla_genre.io import SEAL, read_sealed, write_sealed


@dataclass
class History:
    """What training did.

    After each of the steps ``step`` the mean loss was measured: of the steps since the last measurement, ``train``,
    and of the held-out pairs, ``validation``. The weights of ``best_step`` were kept.
    """

    step: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_step: int = 0

    def is_better(self, loss: float) -> bool:
        """Whether a validation loss is below all before it."""
        return not self.validation or loss < min(self.validation)

    def evaluations_since_best(self) -> int:
        """Measurements after the one of the least validation loss."""
        losses = self.validation
        return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def save(path: Path, identity: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write a state of tensors and plain values, whole or not at all; the identity must be equal to resume it.

    Raises
    ------
    InputError
        It cannot be written.
    """
    stream = io.BytesIO()
    torch.save({"identity": dict(identity), **state}, stream)
    write_sealed(path, SEAL.encode() + stream.getvalue())


def read(path: Path, identity: Mapping[str, Any]) -> dict[str, Any]:
    """Read what :func:`save` wrote for the same training, its tensors on the CPU.

    Raises
    ------
    CheckpointError
        The file is something else, damaged, or another training's; the message says what differs.
    """
    content = read_sealed(path)
    try:
        state = torch.load(io.BytesIO(content[len(SEAL) :]), map_location="cpu", weights_only=True)
        saved = state.pop("identity")
    except Exception as error:
        raise CheckpointError(
            f"{path} is no training checkpoint of this package: name another file"
        ) from error
    if saved != identity:
        differs = ", ".join(name for name in {**saved, **identity} if saved.get(name) != identity.get(name))
        raise CheckpointError(
            f"{path} was written by another training, of other {differs}: name another file"
        )
    return dict(state)


def digest(tensors: Iterable[Tensor]) -> str:
    """Of the bytes of tensors."""
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.detach().cpu().contiguous().numpy())
    return found.hexdigest()


def dropout_state(device: torch.device) -> Tensor:
    """State of the global generator that dropout draws from."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def set_dropout_state(device: torch.device, state: Tensor) -> None:
    """Go on from a state of :func:`dropout_state`."""
    state = state.clone()  # what was read may lie where torch cannot copy it from
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
