"""Defects of CARLA's CLUE."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.registry import repair


@repair("carla.recourse_methods.catalog.clue.library.clue_ml.src.utils")
def clue_sums_a_generator(module: ModuleType) -> bool:
    """`np.sum` of a generator raises (numpy 2.4), by which CLUE counts its parameters: the numbers are summed."""
    import warnings
    from collections.abc import Iterator

    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            numbers: Any = (number for number in (1, 2))
            if np.sum(numbers) == 3:
                return False
    except TypeError:
        pass

    def total(values: Any, *args: Any, **kwargs: Any) -> Any:
        return np.sum(list(values) if isinstance(values, Iterator) else values, *args, **kwargs)

    module.np = OverlayModule(module.np, {"sum": total})  # type: ignore[attr-defined]
    return True


@repair("carla.recourse_methods.catalog.clue.library.clue_ml.src.utils")
def clue_loads_weights_only(module: ModuleType) -> bool:
    """`torch.load` refuses the whole network that CLUE has just saved (torch 2.6): its weights are saved instead.

    The optimiser is not: CLUE trains a network once and only reads it afterwards.
    """
    torch = module.torch
    net = module.BaseNet
    if not hasattr(torch, "serialization") or not hasattr(torch.serialization, "safe_globals"):
        return False

    def save(self: Any, filename: str) -> None:
        torch.save(
            {"epoch": int(self.epoch), "lr": float(self.lr), "model": self.model.state_dict()}, filename
        )

    def load(self: Any, filename: str) -> int:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        saved = torch.load(filename, map_location=device, weights_only=True)
        self.epoch, self.lr = saved["epoch"], saved["lr"]
        self.model.load_state_dict(saved["model"])
        return saved["epoch"]

    net.save, net.load = save, load
    return True
