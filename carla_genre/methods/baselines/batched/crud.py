"""CRUD for all people at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from carla_genre.methods.baselines.batched.search import LatentOptions, LatentSearch, People
from carla_genre.options import option

# Of a label's part of the latent space.
LABEL_SIZE = 2


@dataclass(frozen=True)
class CSVAEOptions:
    """CARLA's training of the autoencoder."""

    layers: Sequence[int] = option(
        (512, 256, 8),
        "Widths from the first hidden layer to the latent space; the input's may stand before them.",
    )
    train: bool = option(True, "Train it, or read the one that was saved under ``data_name``.")
    epochs: int = option(100, "Of its training.", "[1, inf)")
    lr: float = option(1e-3, "Adam's step.", "(0, inf)")
    batch_size: int = option(32, "Rows of a step.", "[1, inf)")


@dataclass(frozen=True)
class CRUDOptions(LatentOptions):
    lambda_param: float = option(0.001, "Weight of the distance.", "[0, inf)")
    optimizer: str = option("RMSprop", "Of the search.", ("RMSprop", "Adam"))
    lr: float = option(0.008, "Its step.", "(0, inf)")
    max_iter: int = option(2000, "Steps of the search; each person takes all of them.", "[1, inf)")
    vae_params: CSVAEOptions = option(CSVAEOptions(), "The autoencoder.")


class CRUD(LatentSearch):
    """CRUD (Downs et al. 2020) as CARLA searches, for all people at once.

    A conditional subspace autoencoder has a latent z of the person and a w of the label. Of a person x, z stays at its
    mean given x, and w starts uniform in [0, 1]^2 and moves down

        BCE(h(x'), 1) + lambda |x' - x|^2,    x' = decode(z, w) with the categories at their nearest levels,

    by RMSprop. The answer is the step of the least loss among those that h accepts.

    Raises
    ------
    InputError
        A hyperparameter is wrong, the classifier is not on PyTorch, or the columns are text.

    Notes
    -----
    CARLA trains the autoencoder, and each person starts where CARLA's adapter, under the same seed, starts: without
    ``hold_constraints`` the answers are those of "CRUD", to rounding.
    """

    OPTIONS = CRUDOptions()
    CARLAS = "CRUD"

    def _network_of(self, method: Any) -> Any:
        return method._vae.cpu().eval().requires_grad_(False)

    def _search(self, people: People) -> Tensor:
        network = self._network
        person = network.mu_x_to_z(people.rows)
        label = torch.stack([_start(seed, network.z_dim) for seed in people.seeds]).requires_grad_()
        optimizer = getattr(torch.optim, self.hyperparams["optimizer"])([label], self.hyperparams["lr"])
        weight = self.hyperparams["lambda_param"]
        return self._descend(
            label,
            optimizer,
            decode=lambda: network.p_x(person, label)[0],
            distance=lambda difference: weight * difference.square().sum(dim=1),
            people=people,
        )


def _start(seed: int, person_size: int) -> Tensor:
    """Where a person's search starts, (2,): CARLA draws it after a sample of the latent space that it does not use."""
    generator = torch.Generator().manual_seed(seed)
    for size in (LABEL_SIZE, person_size):
        torch.empty(1, size).normal_(generator=generator)
    return torch.rand(LABEL_SIZE, generator=generator)
