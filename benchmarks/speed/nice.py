"""NICE's rule as its authors describe it, plainly: the reference that `serving` holds GenRe against.

"NICE: an algorithm for nearest instance counterfactual explanations" (Brughmans, Leyman and Martens, 2023).
"""

from __future__ import annotations

import numpy as np

from carla_genre.methods.core.base import SchemaMethod


class Nice(SchemaMethod):
    """From the nearest unlike neighbour, one feature after the other is taken over until h accepts.

    The neighbour is a training row of label 1 that h accepts and that the person's constraints allow. Of the features
    that are still the person's own, the one is taken over that raises h most by the cost it adds: the authors' reward
    for proximity.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
    hyperparams : mapping, optional
        Those that every method takes.
    """

    def _prepare(self) -> None:
        rows = self.training_rows
        self._accepted = rows.values[rows.accepted(0.5)]

    def _answer(self, values: np.ndarray) -> np.ndarray:
        return np.stack([self._one(person) for person in values])

    def _one(self, person: np.ndarray) -> np.ndarray:
        """The answer to an encoded person (D,), NaN where no row is allowed."""
        allowed = self._accepted[self.schema.allowed(person, self._accepted)]
        if not len(allowed):
            return np.full(len(person), np.nan)
        neighbour = allowed[self.schema.cost(person, allowed).argmin()]
        answer, h = person.copy(), float(self.scores(person[None])[0])
        while h <= 0.5:
            left = np.flatnonzero(answer != neighbour)
            tried = np.repeat(answer[None], len(left), axis=0)
            tried[np.arange(len(left)), left] = neighbour[left]
            scores = self.scores(tried)
            best = ((scores - h) / self.schema.cost(answer, tried)).argmax()
            answer, h = tried[best], float(scores[best])
        return answer
