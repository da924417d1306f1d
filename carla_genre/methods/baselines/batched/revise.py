"""Revise for all people at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from carla_genre.methods.baselines.batched.crud import CSVAEOptions
from carla_genre.methods.baselines.batched.search import LatentOptions, LatentSearch, People
from carla_genre.options import option

_OPTIMIZERS = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}


@dataclass(frozen=True)
class VAEOptions(CSVAEOptions):
    """CARLA's training of the autoencoder."""

    lambda_reg: float = option(1e-6, "Weight decay.", "[0, inf)")


@dataclass(frozen=True)
class ReviseOptions(LatentOptions):
    lambda_: float = option(0.5, "Weight of the distance.", "[0, inf)", aliases=("lambda",))
    optimizer: str = option("adam", "Of the search.", ("adam", "rmsprop"))
    lr: float = option(0.1, "Its step.", "(0, inf)")
    max_iter: int = option(1000, "Steps of the search; each person takes all of them.", "[1, inf)")
    vae_params: VAEOptions = option(VAEOptions(), "The autoencoder.")


class Revise(LatentSearch):
    """Revise (Joshi et al. 2019) as CARLA searches, for all people at once.

    In the latent space of a variational autoencoder, z starts at the mean given the person x and moves down

        BCE(h(x'), 1) + lambda |x' - x|_1,    x' = decode(z) with the categories at their nearest levels,

    by Adam. The answer is the step of the least loss among those that h accepts.

    Raises
    ------
    InputError
        A hyperparameter is wrong, the classifier is not on PyTorch, or the columns are text.

    Notes
    -----
    CARLA trains the autoencoder; without ``hold_constraints`` the answers are those of "Revise", to rounding.
    """

    OPTIONS = ReviseOptions()
    CARLAS = "Revise"

    def _carlas_names(self) -> dict[str, Any]:
        return {"lambda" if name == "lambda_" else name: value for name, value in self.hyperparams.items()}

    def _network_of(self, method: Any) -> Any:
        return method.vae.cpu().eval().requires_grad_(False)

    def _search(self, people: People) -> Tensor:
        latent = self._network.encode(people.rows)[0].clone().requires_grad_()
        optimizer = _OPTIMIZERS[self.hyperparams["optimizer"]]([latent], self.hyperparams["lr"])
        weight = self.hyperparams["lambda_"]
        return self._descend(
            latent,
            optimizer,
            decode=lambda: self._network.mu_dec(latent),
            distance=lambda difference: weight * difference.abs().sum(dim=1),
            people=people,
        )
