"""Defects of CARLA's CLUE."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.one_hot import groups_of, make_valid
from carla_genre.carla_compat.registry import repair, repair_around
from carla_genre.errors import InputError

_MODEL = "carla.recourse_methods.catalog.clue.model"
_LIBRARY = "carla.recourse_methods.catalog.clue.library.clue_ml"


@repair(f"{_LIBRARY}.src.utils")
def clue_sums_a_generator(module: ModuleType) -> bool:
    """`np.sum` of a generator raises (numpy 2.4), by which CLUE counts its parameters: the numbers are summed."""
    from collections.abc import Iterator

    import numpy as np

    def total(values: Any, *args: Any, **kwargs: Any) -> Any:
        return np.sum(list(values) if isinstance(values, Iterator) else values, *args, **kwargs)

    module.np = OverlayModule(module.np, {"sum": total})  # type: ignore[attr-defined]
    return True


@repair(f"{_LIBRARY}.src.utils")
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
        epoch: int = saved["epoch"]
        self.epoch, self.lr = epoch, saved["lr"]
        self.model.load_state_dict(saved["model"])
        return epoch

    net.save, net.load = save, load
    return True


@repair(_MODEL)
def clue_shares_one_file(module: ModuleType) -> bool:
    """With CF_MODELS set all of CLUE's networks are one file, and an absent one fails in torch: one folder a name."""
    import os
    from pathlib import Path

    method = module.Clue

    def _load_vae(self: Any) -> Any:
        """The network of this name: trained and kept, or with ``train_vae`` False the one that was kept."""
        home = os.environ.get("CF_MODELS", os.path.join("~", "carla", "models"))
        folder = Path(home).expanduser() / "autoencoders" / "clue" / f"fc_VAE_{self._data_name}_models"
        kept = folder / "theta_best.dat"
        if self._vae_training:
            folder.mkdir(parents=True, exist_ok=True)
            self._train_vae(str(folder))
        elif not kept.is_file():
            raise InputError(f'there is no network of CLUE\'s in {folder}: train one with "train_vae": True')
        network = module.VAE_gauss_cat_net(
            self._input_dimension,
            self._width,
            self._depth,
            self._latent_dim,
            pred_sig=False,
            lr=self._lr,
            cuda=module.torch.cuda.is_available(),
            flatten=False,
        )
        try:
            network.load(str(kept))
        except RuntimeError as error:
            raise InputError(
                f"the network in {folder} was trained for other columns or other widths than these "
                f'({len(self._input_dimension)} columns): give another data_name, or "train_vae": True'
            ) from error
        return network

    method._load_vae = _load_vae
    return True


@repair_around("Clue._load_vae", _MODEL)
def clue_counts_features_not_columns(load: Any, self: Any) -> Any:
    """CLUE's network has one input a feature, and fails where a category has several columns: one a column."""
    self._input_dimension = [1] * len(self._mlmodel.feature_input_order)
    return load(self)


@repair_around("CLUE.optimise", f"{_LIBRARY}.Clue_model.CLUE_counterfactuals")
def clue_leaves_categories_between_levels(
    optimise: Any, self: Any, *args: Any, **kwargs: Any
) -> tuple[Any, ...]:
    """CLUE decodes a category to any number, so that nobody could have it: each gets its likeliest level.

    At every step of the search, before CLUE picks the nearest step that the classifier accepts.
    """
    import numpy as np
    import torch

    latent, steps, *others = optimise(self, *args, **kwargs)
    steps = np.asarray(steps, dtype=float)  # (steps, rows, columns)
    rows = torch.from_numpy(steps.reshape(-1, steps.shape[-1]).copy())
    valid = make_valid(rows, groups_of(self.BNN)) + 0.0  # no -0.0
    return latent, valid.numpy().reshape(steps.shape), *others


@repair_around("training", _MODEL)
def clue_fails_on_a_batch_of_one_row(
    train: Any, x_train: Any, x_test: Any, dims: Any, path: str, *sizes: Any
) -> Any:
    """CLUE's batch normalisation fails where the last batch has one row: one row more is then trained on, the first."""
    import numpy as np

    # *sizes: width, depth, latent_dim, batch_size, epochs, ...; CARLA passes them by position
    batch_size = sizes[3]
    if len(x_train) % batch_size == 1:
        x_train = np.concatenate([x_train, x_train[:1]])
    return train(x_train, x_test, dims, path, *sizes)
