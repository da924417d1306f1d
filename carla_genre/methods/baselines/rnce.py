"""RNCE: the nearest training row that every network near h accepts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carla_genre.errors import InputError
from carla_genre.methods.baselines.nearest_rows import cheapest_allowed
from carla_genre.methods.baselines.search.relu_layers import ReLULayers
from carla_genre.methods.core.base import MethodOptions
from carla_genre.methods.core.telling import ToldMethod
from carla_genre.options import option

# Training rows on which the layers are compared with predict_proba.
PROBES = 256
# Between the neighbour and the factual.
LINE_STEPS = 20


@dataclass(frozen=True)
class RobustOptions(MethodOptions):
    delta: float = option(0.005, "How far each weight and bias of h may move.", "[0, inf)")


@dataclass(frozen=True)
class RNCEOptions(RobustOptions):
    optimal: bool = option(
        True,
        "Go from the neighbour towards the factual for as long as the answer is robust; else the row itself.",
    )


class RobustMethod(ToldMethod):
    """A method whose answers every classifier accepts that is like h; a subclass gives ``least_logits``."""

    # The option that says how like h, and what is smaller of it.
    LIKENESS = ""
    _robust: np.ndarray

    def _prepare(self) -> None:
        rows, name = self.training_rows, type(self).__name__
        columns = self._columns(rows.values[:PROBES])
        raw_model = getattr(self._mlmodel, "raw_model", None)
        self.layers = ReLULayers.of(raw_model, columns, rows.scores[:PROBES], name)
        self._learn()
        accepted = rows.values[rows.confident(0.5)]
        self._robust = accepted[self.is_robust(accepted)]
        if not len(self._robust):
            raise InputError(
                f"{name}: no training row is accepted by every classifier within {self.LIKENESS} "
                f"{self.hyperparams[self.LIKENESS]:g} of h: lower {self.LIKENESS}"
            )

    def _learn(self) -> None:
        """What ``least_logits`` needs besides the layers."""

    def _columns(self, values: np.ndarray) -> np.ndarray:
        """Encoded values (n, D) as the numbers that h is asked about, (n, C)."""
        try:
            encoded: np.ndarray = self.schema.decode(values).to_numpy(dtype=float)
            return encoded
        except ValueError as error:
            raise InputError(
                f"{type(self).__name__}: h must read numbers, a category is text: encode it one-hot"
            ) from error

    def least_logits(self, columns: np.ndarray) -> np.ndarray:
        """The least logit that a classifier like h gives rows, or a bound below it: (n, C) -> (n,)."""
        raise NotImplementedError

    def is_robust(self, values: np.ndarray) -> np.ndarray:
        """Whether every classifier like h accepts encoded rows: (n, D) -> bool (n,)."""
        return self.least_logits(self._columns(values)) > 0


class ShiftRobustMethod(RobustMethod):
    """A method whose answers all networks accept that are within ``delta`` of h, parameter by parameter."""

    OPTIONS: RobustOptions = RobustOptions()
    LIKENESS = "delta"

    def least_logits(self, columns: np.ndarray) -> np.ndarray:
        """A bound by interval arithmetic."""
        return self.layers.least_logits(columns, self.hyperparams["delta"])


class RNCE(ShiftRobustMethod):
    """Robust nearest-neighbour recourse: from a row that all networks near h accept, towards the factual.

    Parameters
    ----------
    mlmodel : carla.models.api.MLModel
        A torch network of linear layers with ReLU between them, or scikit-learn's logistic regression. It is no black
        box here.
    hyperparams : mapping, optional
        The options below.

    Raises
    ------
    InputError
        h is another classifier, or no training row is robust.

    Notes
    -----
    Jiang, Leofante, Rago and Toni, "Interval abstractions for robust counterfactual explanations" (Artificial
    Intelligence 2024, arXiv 2404.13736), from its text. A point is robust if all networks accept it whose parameters
    differ from those of h by at most delta each, the maximum norm. The candidates are the robust training rows
    (``robustInit``); the answer lies on the line from the nearest one, n, to the factual x: the last one, in steps of
    1/20, of a x + (1 - a) n that is robust with all before it (``optimal``).

    Ours: robustness is shown by interval arithmetic, where the paper solves a mixed integer program
    (:meth:`carla_genre.methods.baselines.search.relu_layers.ReLULayers.least_logits`): fewer rows are shown to be
    robust where h has several hidden layers, and none wrongly. Nearest is by the cost of this package. A category
    does not go along the line: it is the neighbour's. The neighbour is one that the person's constraints allow, and a
    person with no such row has no answer.
    """

    OPTIONS = RNCEOptions()

    def _answer(self, values: np.ndarray) -> np.ndarray:
        answers = cheapest_allowed(self.schema, values, self._robust)
        if not self.hyperparams["optimal"]:
            return answers
        active = np.flatnonzero(~np.isnan(answers[:, 0]))
        neighbours, moves = answers.copy(), ~self.schema.categorical
        for share in np.arange(1, LINE_STEPS) / LINE_STEPS:
            people, ends = values[active], neighbours[active]
            tried = np.where(moves, share * people + (1 - share) * ends, ends)
            tried = self.schema.constrain(people, np.where(people == ends, people, tried))
            # What a line passes a bound by is put back on it, and so is asked about as it is answered.
            robust = self.is_robust(tried) if len(active) else np.zeros(0, dtype=bool)
            active = active[robust]
            answers[active] = tried[robust]
        return answers
