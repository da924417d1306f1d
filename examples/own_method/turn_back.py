"""A method of one's own: all that it takes."""

from dataclasses import dataclass

import numpy as np

from carla_genre import SchemaMethod
from carla_genre.methods.core.base import MethodOptions
from carla_genre.options import option


@dataclass(frozen=True)
class TurnBackOptions(MethodOptions):
    gamma: float = option(0.7, "h above which a training row is a goal.", "[0.5, 1)")
    steps: int = option(12, "Halvings of the way back.", "[1, inf)")


class TurnBack(SchemaMethod):
    """Go to the nearest accepted training row, then turn back as far as h allows."""

    OPTIONS = TurnBackOptions()

    def _prepare(self):
        rows = self.training_rows
        self._accepted = rows.values[rows.accepted(self.hyperparams["gamma"])]  # D_h+, (N, D)

    def _answer(self, values):
        cost = self.schema.cost(values[:, None], self._accepted)  # (B, N)
        goal = self.schema.constrain(values, self._accepted[cost.argmin(axis=1)])
        refused, accepted = np.zeros(len(values)), np.ones(len(values))  # shares of the way
        for _ in range(self.hyperparams["steps"]):
            middle = (refused + accepted) / 2
            yes = self.scores(self._part_of_the_way(values, goal, middle)) > 0.5
            refused, accepted = np.where(yes, refused, middle), np.where(yes, middle, accepted)
        return self._part_of_the_way(values, goal, accepted)

    def _part_of_the_way(self, values, goal, share):
        between = values + share[:, None] * (goal - values)
        return np.where(self.schema.categorical, goal, between)
