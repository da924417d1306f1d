"""An answer is good where all of many good models accept it: ElliCE's idea as a rule among GenRe's candidates.

Turbal, Voitsitska and Semenova, "ElliCE: Efficient and Provably Robust Algorithmic Recourse via the Rashomon Sets"
(NeurIPS 2025), take the models that are nearly as good as h (its Rashomon set) for an ellipsoid around the parameters
of h, and search for an answer that all of them accept. Here the set is a sample: networks that a user trains on
bootstrap rows of the training data. So h stays a black box, and the answers stay GenRe's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from carla_genre.blackbox import model_probability
from carla_genre.datasets.catalog import FrameCatalog
from carla_genre.methods.genre.hyperparameters import GenReOptions
from carla_genre.methods.genre.method import GenRe
from carla_genre.options import option
from carla_genre.protocol.classifier import ProtocolClassifier, TwoClasses, fit_network, initial_network
from carla_genre.protocol.data import with_train_rows

# The paper's network in fewer and larger steps: with more of them the ten agree less, with fewer they are sure of less
# (Score on COMPAS and HELOC, seeds 5 and 6: best of 150, 300 and 1000 steps).
STEPS, BATCH_SIZE, LEARNING_RATE = 300, 512, 5e-3


@dataclass(frozen=True)
class ManyModelsOptions(GenReOptions):
    """GenRe's options, and the number of models."""

    n_models: int = option(10, "Models beside h.", "[1, inf)")


def _with_models(options: GenReOptions) -> ManyModelsOptions:
    """With draws that differ; "expected" is not used, and no rule's models are trained but these."""
    drawn = {"selection": "validity", "temperature": 1.0, "n_samples": 100}
    return ManyModelsOptions(**{**vars(options), **drawn})


class ManyGoodModels(GenRe):
    """GenRe that answers with the cheapest candidate that h accepts and all of many other models are sure of.

    Sure is p > gamma. Where no candidate is such, the one whose least probability over the models is the greatest of
    those that h accepts; a row of NaN where h accepts none.

    Parameters
    ----------
    mlmodel, hyperparams
        As :class:`GenRe` takes them, with ``temperature`` 1 and ``n_samples`` 100 by default, and ``n_models`` (10):
        networks as the paper's h, each on bootstrap rows of the training data with their labels, unweighted, so that
        they say how likely label 1 is.

    Attributes
    ----------
    models : list of ProtocolClassifier
        Those beside h.
    """

    OPTIONS = _with_models(GenRe.OPTIONS)
    REFUSED_IS_FAILURE = True

    @classmethod
    def options_for(cls, hyperparams: Mapping[str, Any] | None) -> ManyModelsOptions:
        """The options, with the named preset's defaults."""
        return _with_models(super().options_for(hyperparams))

    def _prepare(self) -> None:
        super()._prepare()
        seeds = np.random.SeedSequence([self.hyperparams["seed"], self.hyperparams["n_models"]])
        self.models = [
            self._another(int(seed)) for seed in seeds.generate_state(self.hyperparams["n_models"])
        ]

    def _another(self, seed: int) -> ProtocolClassifier:
        """A model of the same kind as h that other rows have been drawn for."""
        data, columns = cast(FrameCatalog, self._mlmodel.data), list(self._mlmodel.feature_input_order)
        drawn = np.random.default_rng(seed).integers(0, len(data.df_train), len(data.df_train))
        logit = initial_network(len(columns), seed)
        rows = with_train_rows(data, data.df_train.iloc[drawn])
        epochs = math.ceil(STEPS / math.ceil(len(drawn) / BATCH_SIZE))
        fit_network(logit, rows, columns, False, epochs, BATCH_SIZE, LEARNING_RATE)
        return ProtocolClassifier(data, columns, TwoClasses(logit))

    def _answer(self, values: np.ndarray) -> np.ndarray:
        candidates = self.candidates(values)  # (B, N, D)
        least = self._least_probability(candidates)
        cost = np.where(
            least > self.hyperparams["gamma"], self.schema.cost(values[:, None], candidates), np.inf
        )
        accepted = np.isfinite(cost).any(axis=1)
        best = np.where(accepted, cost.argmin(axis=1), least.argmax(axis=1))
        answers: np.ndarray = candidates[np.arange(len(values)), best]
        return answers

    def _least_probability(self, candidates: np.ndarray) -> np.ndarray:
        """The least that any model gives a candidate, 0 where h refuses it: (B, N, D) -> (B, N)."""
        rows = self.schema.decode(candidates.reshape(-1, candidates.shape[-1]))
        each = np.min([model_probability(model, rows) for model in self.models], axis=0)
        least: np.ndarray = each.reshape(candidates.shape[:-1])
        return np.where(self.scores(candidates) > 0.5, least, 0.0)
