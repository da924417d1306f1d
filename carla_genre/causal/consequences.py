"""From what a person does to where that leads: abduction, action, prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from carla_genre.schema import Schema


class Mechanism(Protocol):
    """How one feature follows from its causes."""

    @property
    def effect(self) -> int:
        """Its position."""

    @property
    def causes(self) -> tuple[int, ...]:
        """The positions of its causes."""

    def counterfactual(self, values: np.ndarray, states: np.ndarray) -> np.ndarray:
        """The effect (n,) in states (n, D) whose causes are there already, for people with values (n, D)."""


@dataclass(frozen=True)
class Consequences:
    """A causal model of D features that turns people and their actions into states.

    Attributes
    ----------
    mechanisms : tuple of Mechanism
        One for each feature that has causes, causes before their effects.
    passive : tuple of int
        Features that nobody can set.
    """

    mechanisms: tuple[Mechanism, ...]
    passive: tuple[int, ...] = ()

    def actions(self, values: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Candidates (..., D) without changes that nobody can make, for people (..., D) that broadcast."""
        if not self.passive:
            return candidates
        actions = candidates.copy()
        for position in self.passive:
            own = np.broadcast_to(values[..., position], actions.shape[:-1])
            actions[..., position] = np.where(np.isnan(actions[..., position]), np.nan, own)
        return actions

    def states(self, values: np.ndarray, actions: np.ndarray, schema: Schema) -> np.ndarray:
        """Where actions lead.

        A feature in which ``actions`` differs from ``values`` is set, x_i := a_i. Each other one, after its causes, is
        x_i = f_i(causes, u_i) with the person's own noise u_i; it keeps its bits where no cause of it has moved.

        Parameters
        ----------
        values : ndarray (..., D)
            Encoded people, that broadcast.
        actions : ndarray (..., D)
            The same with what they change. A row of NaN stays one.
        schema : Schema
            Whose constraints the states must keep.

        Returns
        -------
        ndarray (..., D)
            NaN where a state breaks a constraint, or is no finite number.
        """
        d = actions.shape[-1]
        rows = np.broadcast_to(values, actions.shape).reshape(-1, d)
        states = actions.reshape(-1, d).copy()
        acts = (states != rows).any(axis=1) & ~np.isnan(states).any(axis=1)
        states[acts] = self._moved(rows[acts], states[acts], schema)
        return states.reshape(actions.shape)

    def _moved(self, values: np.ndarray, actions: np.ndarray, schema: Schema) -> np.ndarray:
        """Of rows (n, D) that all act."""
        states, acted = actions.copy(), actions != values
        for one in self.mechanisms:
            causes = list(one.causes)
            follows = (states[:, causes] != values[:, causes]).any(axis=1) & ~acted[:, one.effect]
            follows &= np.isfinite(states).all(axis=1)
            if follows.any():
                states[follows, one.effect] = one.counterfactual(values[follows], states[follows])
        kept = np.isfinite(states).all(axis=1)
        kept[kept] = schema.allowed(values[kept], states[kept])
        states[~kept] = np.nan
        return states
