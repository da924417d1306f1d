"""Methods whose answers are actions, and what follows from them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from carla_genre.causal import Causes, Consequences
from carla_genre.causal.units import variables_of
from carla_genre.methods.core.base import MethodOptions, SchemaMethod
from carla_genre.methods.core.factuals import answer_readable
from carla_genre.options import option
from carla_genre.schema.training_rows import TrainingRows
from carla_genre.selection import ExpectedScoreSelector

Acting = TypeVar("Acting", bound="ActingMethod")


@dataclass(frozen=True)
class ActingOptions(MethodOptions):
    """What every method takes that knows of causes."""

    causes: Causes | None = option(
        None,
        "What causes what (docs/causal.md): what an answer changes are actions, its cost is theirs, and what follows "
        "from them is part of the answer.",
    )


class ActingMethod(SchemaMethod):
    """A method that says what to do; with the option ``causes``, an answer is the state that this leads to.

    A subclass gives ``_act`` in the place of ``_answer``, and calls ``_learn_causes`` when it has its training rows.

    Attributes
    ----------
    consequences : Consequences or None
        The causal model, given or fitted.
    """

    consequences: Consequences | None = None
    _selector: ExpectedScoreSelector | None = None

    def _learn_causes(self) -> None:
        """Fit the causal model on the training rows, where there is one; the selector knows of it then."""
        causes, seed = self.hyperparams["causes"], self.hyperparams["seed"]
        if causes is not None:
            self.REFUSED_IS_FAILURE = False  # h has been asked about the states, and actions are none
            variables, rows = variables_of(self.schema, self._mlmodel.data), self._labelled_rows()
            self.consequences = causes.learn(variables, self.schema.level_counts, rows.values, seed)
        if self._selector is not None:
            self._selector = self._selector.with_consequences(self.consequences)

    def _labelled_rows(self) -> TrainingRows:
        return self.training_rows

    def with_causes(self: Acting, causes: Causes | None) -> Acting:
        """The same method with other causes, or without any: equations that are not given are fitted, no more.

        The selector keeps its calibration; one that holds a risk is fitted anew.

        Raises
        ------
        InputError
            The causes do not fit the features.
        """
        other = copy.copy(self)
        other.hyperparams, other.consequences = {**self.hyperparams, "causes": causes}, None
        vars(other).pop("REFUSED_IS_FAILURE", None)
        if self.hyperparams.get("risk") is not None:
            other._selector = None
        other._learn_causes()
        other._forget_training_rows()
        return other

    def _possible(self, values: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Candidates (B, N, D) less the changes that nobody can make, for people (B, D)."""
        if self.consequences is None:
            return candidates
        return self.consequences.actions(values[:, None], candidates)

    def states(self, values: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """What follows from actions (..., D) of people (..., D), encoded: the actions themselves without ``causes``.

        NaN where a state breaks a constraint.
        """
        if self.consequences is None:
            return actions
        return self.consequences.states(values, actions, self.schema)

    def get_actions(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """What each person has to do, of which :meth:`get_counterfactuals` gives the result.

        Parameters
        ----------
        factuals : DataFrame (B, any)

        Returns
        -------
        DataFrame (B, len(feature_input_order))
            The factuals, in which the features are changed that the person sets, and these alone; a row of NaN where
            there is no answer.
        """
        return answer_readable(
            self.schema,
            factuals,
            lambda frame, values: self._answer_frame(frame, values, self._accepted_actions),
        )

    def _answer(self, values: np.ndarray) -> np.ndarray:
        return self.states(values, self._accepted_actions(values))

    def _accepted_actions(self, values: np.ndarray) -> np.ndarray:
        """Actions (B, D) whose very state h accepts; NaN rows for failures."""
        actions = self._act(values)
        if self.consequences is not None:
            actions[~(self.scores(self.states(values, actions)) > 0.5)] = np.nan
        return actions

    def _act(self, values: np.ndarray) -> np.ndarray:
        """Encoded actions (B, D) for encoded factuals (B > 0, D), all denied; NaN rows for failures."""
        raise NotImplementedError
