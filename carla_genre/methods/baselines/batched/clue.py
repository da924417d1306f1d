"""CLUE for all people at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from carla_genre.methods.baselines.batched.search import LatentOptions, LatentSearch, Nearest, People, accepts
from carla_genre.options import option

# Adam's step, and the weight of the distance, which is a mean over the columns; CARLA's Clue takes neither.
STEP_SIZE, DISTANCE_WEIGHT = 0.5, 4.0
# A person's search has ended where WINDOW steps changed its loss by less than these, at the earliest after MIN_STEPS.
WINDOW, MIN_STEPS, RELATIVE, ABSOLUTE = 3, 3, 1e-2, 1e-3


@dataclass(frozen=True)
class ClueOptions(LatentOptions):
    train_vae: bool = option(
        True, "Train the autoencoder, or read the one that was saved under ``data_name``."
    )
    width: int = option(10, "Of its layers.", "[1, inf)")
    depth: int = option(3, "Layers.", "[1, inf)")
    latent_dim: int = option(12, "Of the latent space.", "[1, inf)")
    batch_size: int = option(64, "Rows of a step of its training.", "[1, inf)")
    epochs: int = option(10, "Of its training.", "[1, inf)")
    lr: float = option(1e-3, "Step of its training.", "(0, inf)")
    early_stop: int = option(10, "Its training ends after so many epochs without a gain.", "[1, inf)")
    max_steps: int = option(400, "Most steps of the search.", "[1, inf)")


class Clue(LatentSearch):
    """CLUE (Antoran et al. 2021) as CARLA searches, for all people at once.

    In the latent space of a variational autoencoder, z starts at 0 and moves down

        H(h(x')) + 4 / C |x' - x|_1,    x' = decode(z),

    the entropy of h and the distance in C columns, by Adam. A person's search ends where three steps have changed the
    loss by less than .01 of the first one or by .001. The answer is the nearest of the steps up to two before that
    whose categories, at their nearest levels, h accepts.

    Raises
    ------
    InputError
        A hyperparameter is wrong, the classifier is not on PyTorch, or the columns are text.

    Notes
    -----
    CARLA trains the autoencoder; without ``hold_constraints`` the answers are those of "Clue", to rounding. CARLA goes
    on to the last step for everybody and ignores what comes after the end; here a batch ends with its last person.
    """

    OPTIONS = ClueOptions()
    CARLAS = "Clue"

    def _network_of(self, method: Any) -> torch.nn.Module:
        return method._vae.model.cpu().eval().requires_grad_(False)  # type: ignore[no-any-return]

    def _search(self, people: People) -> Tensor:
        latent = torch.zeros(len(people.rows), self.hyperparams["latent_dim"], requires_grad=True)
        optimizer = torch.optim.Adam([latent], STEP_SIZE)
        path, losses = [], []
        ends = torch.zeros(len(people.rows), dtype=torch.long)  # 0: goes on
        for step in range(self.hyperparams["max_steps"]):
            rows = self._decoded(latent, people)
            loss = self._losses(rows, people)
            path.append(rows.detach())
            losses.append(loss.detach().double())
            (latent.grad,) = torch.autograd.grad(loss.sum(), latent)
            optimizer.step()
            if step > MIN_STEPS:
                change = (losses[step - WINDOW] - losses[step]).abs()
                still = (change < losses[0] * RELATIVE) | (change < ABSOLUTE)
                ends = torch.where((ends == 0) & still, step, ends)
            if (ends > 0).all():
                break
        path.append(self._decoded(latent, people).detach())
        return self._nearest(path, ends, people)

    def _decoded(self, latent: Tensor, people: People) -> Tensor:
        decoded: Tensor = self._network.decode(latent)
        return decoded.clamp(people.lower, people.upper)

    def _losses(self, rows: Tensor, people: People) -> Tensor:
        """(B, C) -> (B,)."""
        probabilities = self._probabilities(rows)
        entropy = -(probabilities * (probabilities + 1e-10).log()).sum(dim=1)
        weight = DISTANCE_WEIGHT / rows.shape[1]
        return entropy + weight * (rows - people.rows).abs().sum(dim=1)

    def _nearest(self, path: list[Tensor], ends: Tensor, people: People) -> Tensor:
        """Of the steps that count, (B, C) each, the nearest one that h accepts."""
        last = torch.where(ends > 0, ends - WINDOW + 1, len(path) - 1)
        best = Nearest(people)
        for step, rows in enumerate(path):
            valid = self._candidates(rows, people)
            distances = (valid.double() - people.rows.double()).abs().sum(dim=1)
            with torch.no_grad():
                accepted = accepts(self._probabilities(valid))
            best.offer(valid, distances.float(), accepted & (step <= last))
        return best.rows
