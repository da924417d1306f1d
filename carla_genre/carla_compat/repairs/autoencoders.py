"""The autoencoders of CCHVAE, CRUD and Revise: the sizes of their layers, and CRUD's slow loss."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

from carla_genre.carla_compat.imports import OverlayModule
from carla_genre.carla_compat.registry import around, bound, repair, repair_around
from carla_genre.errors import InputError

_CATALOG = "carla.recourse_methods.catalog"
_AUTOENCODER = "carla.recourse_methods.autoencoder"
_CLASSES = {"cchvae": "CCHVAE", "crud": "CRUD", "revise": "Revise"}


@repair(*(f"{_CATALOG}.{name}.model" for name in _CLASSES))
def vae_layers_need_the_input_width(module: ModuleType) -> bool:
    """`vae_params["layers"]` must begin with the number of inputs, which only CARLA knows: it is added.

    The number of inputs is that of the encoded columns; in the repository's head, that of the mutable ones. Where the
    first number is that number, the list is taken as CARLA wants it; otherwise the number is put in front. So a first
    hidden layer as wide as the input has to be written after the width. The caller's list is never changed (the head
    changes it).
    """
    name = module.__name__.split(".")[-2]

    @around(getattr(module, _CLASSES[name]), "__init__")
    def __init__(build: Any, self: Any, mlmodel: Any, *args: Any, **kwargs: Any) -> None:
        args = tuple(_with_width(argument, mlmodel, name) for argument in args)
        kwargs = {key: _with_width(argument, mlmodel, name) for key, argument in kwargs.items()}
        build(self, mlmodel, *args, **kwargs)

    return True


def _with_width(hyperparams: Any, mlmodel: Any, name: str) -> Any:
    """A copy of a method's hyperparameters whose layers begin with the input width; anything else as it is."""
    if not isinstance(hyperparams, dict) or not isinstance(hyperparams.get("vae_params"), dict):
        return hyperparams
    layers = hyperparams["vae_params"].get("layers")
    if layers is None:
        return hyperparams
    whole = complete_layers(layers, input_width(mlmodel), hidden_needed=name == "crud")
    return {**hyperparams, "vae_params": {**hyperparams["vae_params"], "layers": whole}}


def input_width(mlmodel: Any) -> int:
    """Number of columns that a VAE of CARLA sees: all of them, in the repository's head the mutable ones.

    A classifier of the user's own may know its mutable columns where CARLA does not ask for them.
    """
    from carla.models.api import MLModel

    if hasattr(MLModel, "get_mutable_mask"):
        return int(mlmodel.get_mutable_mask().sum())
    return len(mlmodel.feature_input_order)


def complete_layers(layers: Any, width: int, hidden_needed: bool = False) -> list[int]:
    """The sizes with the input width in front.

    Raises
    ------
    InputError
        Where the sizes are not positive whole numbers, or too few.
    """
    import numpy as np

    values = list(layers) if isinstance(layers, (list, tuple, np.ndarray)) else None
    whole = values is not None and all(
        isinstance(size, (int, np.integer)) and not isinstance(size, bool) and size > 0 for size in values
    )
    if not whole or not values:
        raise InputError(
            f'vae_params["layers"] is a list of positive whole numbers, as [16, 8] for a hidden layer of 16 and a '
            f"latent space of 8; got {layers!r}"
        )
    sizes = [int(size) for size in values]
    if sizes[0] != width:
        sizes = [width, *sizes]
    least = 3 if hidden_needed else 2
    if len(sizes) < least:
        raise InputError(
            f'vae_params["layers"] {layers!r} needs a latent size'
            + (
                " and, for CRUD, a hidden layer before it, as [16, 8]"
                if hidden_needed
                else ", as [8] or [16, 8]"
            )
            + f" (the input width, {width}, may be left out)"
        )
    return sizes


@repair(f"{_AUTOENCODER}.models", f"{_AUTOENCODER}.models.vae")
def last_batch_of_one_row_fails(module: ModuleType) -> bool:
    """Batch normalisation fails where the last batch has one row: one row more is then trained on, the first again."""
    import numpy as np

    vae = module.VariationalAutoencoder
    if "BatchNorm1d" not in vae.__init__.__code__.co_names:
        return False

    @around(vae, "fit")
    def fit(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        arguments = bound(original, self, *args, **kwargs)
        rows = np.asarray(arguments["xtrain"])
        if len(rows) > 1 and len(rows) % arguments["batch_size"] == 1:
            arguments["xtrain"] = np.concatenate([rows, rows[:1]])
        return original(**arguments)

    return True


@repair_around("VariationalAutoencoder.fit", f"{_AUTOENCODER}.models.vae")
def rows_to_train_on_are_read_only(fit: Any, self: Any, xtrain: Any, *args: Any, **kwargs: Any) -> Any:
    """A frame's values cannot be written to (pandas 3), of which torch warns in training: it is given a copy."""
    import numpy as np

    return fit(self, np.array(xtrain), *args, **kwargs)


@repair(f"{_AUTOENCODER}.models.vae", f"{_AUTOENCODER}.models.csvae")
def saved_vae_is_looked_for_under_another_width(module: ModuleType) -> bool:
    """`train: False` looks a VAE up under the number of all columns (head), though it is saved under its own width."""
    networks = [module.__dict__[n] for n in ("CSVAE", "VariationalAutoencoder") if n in module.__dict__]
    for network in networks:
        around(network, "load")(lambda load, self, input_shape=None: load(self, self._input_dim))
    return bool(networks)


@repair(f"{_AUTOENCODER}.losses.losses")
def csvae_loss_inverts_diagonal_matrices(module: ModuleType) -> bool:
    """CRUD's loss factorises a dense matrix of (batch * latent)² to compare diagonal normals: the variances suffice.

    The same loss, to rounding, in a small part of the time: `diag`, `eye` and `MultivariateNormal` of this module work
    on the diagonal alone.
    """
    import torch

    used = set(module.csvae_loss.__code__.co_names)
    if not {"MultivariateNormal", "diag", "eye"} <= used:
        return False

    def normal(mean: torch.Tensor, variances: torch.Tensor) -> torch.distributions.Distribution:
        each = torch.distributions.Normal(mean, variances.sqrt(), validate_args=False)
        return torch.distributions.Independent(each, 1, validate_args=False)

    diagonal = {
        "diag": lambda variances: variances,
        "eye": lambda size, **kwargs: torch.ones(size, **kwargs),
    }
    module.torch = OverlayModule(module.torch, diagonal)  # type: ignore[attr-defined]
    module.dists = SimpleNamespace(  # type: ignore[attr-defined]
        MultivariateNormal=normal,
        kl=SimpleNamespace(kl_divergence=torch.distributions.kl_divergence),
    )
    return True
