"""Which torch device a method works on."""

from __future__ import annotations

import torch

from carla_genre.errors import InputError


def choose_device(name: str, owner: str) -> torch.device:
    """The device of that name; "auto" is a GPU where there is one.

    Raises
    ------
    InputError
        The device cannot be used here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"{owner}: device {name!r} cannot be used here: {str(error).splitlines()[0]}"
        ) from error
    return device
