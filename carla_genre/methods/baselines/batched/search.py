"""What CRUD, Revise and CLUE share: an autoencoder that CARLA trains, and people in batches of one size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from carla_genre.errors import InputError
from carla_genre.generator.randomness import row_keys
from carla_genre.methods.baselines.batched.columns import Columns
from carla_genre.methods.carla import CARLA_METHODS
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.options import option
from carla_genre.progress import bar

from carla.models.api import MLModel

# How a product of matrices is summed depends on the number of rows and on how a row lies in the memory, and an answer
# must not. So a batch always has BATCH people, some of them copies, and a person's place modulo LINES is the person's.
BATCH, LINES = 64, 16


@dataclass(frozen=True)
class LatentOptions(MethodOptions):
    """What each of the three takes beside its own."""

    data_name: str | None = option(
        None, "CARLA saves the autoencoder under it, and reads it from there; the data's own by default."
    )
    hold_constraints: bool = option(
        True,
        "Search among the answers that keep the constraints. CARLA's release does not, its repository's head and this "
        "package do; False gives the release's answers.",
    )


class People(NamedTuple):
    """A batch of denied people.

    Attributes
    ----------
    rows : Tensor (B, C)
        Their columns.
    seeds : list of int
        A random seed each.
    lower, upper : Tensor (B, C)
        What their answers may have; infinite where nothing is held.
    """

    rows: Tensor
    seeds: list[int]
    lower: Tensor
    upper: Tensor


class LatentSearch(SchemaMethod):
    """A gradient search in the latent space of CARLA's own autoencoder, with a state of the optimiser for each person.

    A subclass names CARLA's method, says where that has its network, and gives ``_search``.
    """

    OPTIONS: LatentOptions = LatentOptions()
    CARLAS = ""

    def _prepare(self) -> None:
        if hasattr(MLModel, "get_mutable_mask"):
            raise InputError(
                f"{self.CARLAS} in batches takes the autoencoders of CARLA's release, and its repository's head is "
                f"installed: take {self.CARLAS!r}"
            )
        carlas = CARLA_METHODS[self.CARLAS]
        shared = {name: value for name, value in self._carlas_names().items() if name in carlas.options}
        self._network = self._network_of(carlas.build(self._mlmodel, shared).method)
        self._columns = Columns(self.schema)

    @property
    def holds_constraints(self) -> bool:
        """As the hyperparameter says."""
        held: bool = self.hyperparams["hold_constraints"]
        return held

    def _carlas_names(self) -> dict[str, Any]:
        """The hyperparameters under CARLA's names."""
        return self.hyperparams

    def _network_of(self, method: Any) -> Any:
        """The trained autoencoder of CARLA's method, on the processor."""
        raise NotImplementedError

    def _answer(self, values: np.ndarray) -> np.ndarray:
        keys = row_keys(torch.from_numpy(values), self.hyperparams["seed"]).numpy()
        found = np.full(values.shape, np.nan)
        with bar(type(self).__name__, len(values), self.hyperparams["verbose"]) as done:
            for rows, places in batches(keys):
                everybody = np.full(BATCH, rows[0])
                everybody[places] = rows
                answers = self._search(self._people(values[everybody], keys[everybody].tolist()))
                found[rows] = self._columns.decode(answers[places])
                done.advance(len(rows))
        return self.schema.constrain(values, found) if self.holds_constraints else found

    def _people(self, values: np.ndarray, seeds: list[int]) -> People:
        rows = self._columns.encode(values)
        if self.holds_constraints:
            return People(rows, seeds, *self._columns.bounds(values))
        return People(rows, seeds, torch.full_like(rows, -torch.inf), torch.full_like(rows, torch.inf))

    def _search(self, people: People) -> Tensor:
        """Answers (B, C) without a gradient; rows of NaN for failures."""
        raise NotImplementedError

    def _descend(
        self,
        latent: Tensor,
        optimizer: torch.optim.Optimizer,
        decode: Callable[[], Tensor],
        distance: Callable[[Tensor], Tensor],
        people: People,
    ) -> Tensor:
        """Steps down BCE(h(x'), 1) and the distance: each person's accepted step of the least loss, (B, C).

        ``decode`` gives the rows x' (B, C) of ``latent`` as it is, and ``distance`` the weighted distances (B,) of
        differences x' - x. All people take ``max_iter`` steps.
        """
        best = Nearest(people)
        for _ in range(self.hyperparams["max_iter"]):
            rows = self._candidates(decode(), people)
            probabilities = self._probabilities(rows)
            losses = cross_entropy(probabilities) + distance(rows - people.rows)
            best.offer(rows, losses, accepts(probabilities))
            (latent.grad,) = torch.autograd.grad(losses.sum(), latent)
            optimizer.step()
        return best.rows

    def _candidates(self, decoded: Tensor, people: People) -> Tensor:
        """What stands for decoded rows (B, C): categories at their levels, constraints held where they are."""
        return self._columns.at_levels(decoded).clamp(people.lower, people.upper)

    def _probabilities(self, rows: Tensor) -> Tensor:
        """Both probabilities of rows (B, C), differentiable: (B, 2)."""
        probabilities: Tensor = self._mlmodel.predict_proba(rows).to(rows)
        return probabilities


def batches(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows (b,) and their different places (b,) in each batch, for all of the int64 keys (B,)."""
    lines, seen = keys % LINES, np.zeros(LINES, dtype=int)
    turn = np.empty(len(keys), dtype=int)
    for row, line in enumerate(lines):
        turn[row], seen[line] = seen[line], seen[line] + 1
    number, place = np.divmod(turn * LINES + lines, BATCH)
    for batch in range(number.max() + 1):
        rows = np.flatnonzero(number == batch)
        yield rows, place[rows]


class Nearest:
    """Of the candidates that h accepts, each person's with the least loss: ``rows`` (B, C), NaN without one."""

    def __init__(self, people: People) -> None:
        self.rows = torch.full_like(people.rows, torch.nan)
        self._losses = torch.full((len(people.rows),), torch.inf)

    def offer(self, rows: Tensor, losses: Tensor, accepted: Tensor) -> None:
        """Take rows (B, C) that are accepted (B,) and whose losses (B,) are below; of equals the first stays."""
        better = accepted & (losses < self._losses)
        self._losses = torch.where(better, losses, self._losses).detach()
        self.rows = torch.where(better[:, None], rows, self.rows).detach()


def cross_entropy(probabilities: Tensor) -> Tensor:
    """Binary cross entropy with the class that is wanted, mean of both outputs as CARLA has it: (B, 2) -> (B,)."""
    wanted = torch.tensor([0.0, 1.0]).expand_as(probabilities)
    return torch.nn.functional.binary_cross_entropy(probabilities, wanted, reduction="none").mean(dim=1)


def accepts(probabilities: Tensor) -> Tensor:
    """Whether the wanted class is the likelier one: (B, 2) -> bool (B,)."""
    return probabilities[:, 1] > probabilities[:, 0]
