"""A classifier together with the schema that its rows are encoded by."""

from __future__ import annotations

import logging
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from carla_genre.blackbox import BlackBox, model_probability
from carla_genre.schema import Schema
from carla_genre.schema.training_rows import TrainingRows, read_labels

log = logging.getLogger(__name__)
_WARNED_OF = weakref.WeakValueDictionary[int, Any]()  # by identity


@dataclass(frozen=True)
class EncodedClassifier:
    """A classifier h that is asked about encoded rows.

    Attributes
    ----------
    mlmodel : carla.models.api.MLModel
        Only ``data``, ``feature_input_order`` and ``predict_proba`` are used.
    schema : Schema
    """

    mlmodel: BlackBox
    schema: Schema

    @property
    def data(self) -> Any:
        """The catalog of its training data."""
        return self.mlmodel.data

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Probability of label 1, h, of encoded rows: (..., D) -> (...)."""
        if values.size == 0:
            return np.empty(values.shape[:-1])
        rows = self.schema.decode(values.reshape(-1, values.shape[-1]))
        return model_probability(self.mlmodel, rows).reshape(values.shape[:-1])

    def labelled_values(self) -> tuple[np.ndarray, np.ndarray]:
        """Its training rows, (n, D), and their labels, (n,)."""
        train, target = self.data.df_train, self.data.target
        return self.schema.encode(train), read_labels(train[target], target)

    def training_rows(self) -> TrainingRows:
        """Its training rows; h is asked once about all of them."""
        values, labels = self.labelled_values()
        return self.checked(TrainingRows(values, labels, self.scores(values)))

    def checked(self, rows: TrainingRows) -> TrainingRows:
        """The rows; a warning tells, once for a classifier, that h is higher for label 0 than for label 1."""
        labels, scores, known = rows.labels, rows.scores, id(self.mlmodel) in _WARNED_OF
        if not known and 0 < labels.mean() < 1 and roc_auc_score(labels, scores) < 0.5:
            _WARNED_OF[id(self.mlmodel)] = self.mlmodel
            log.warning(
                "h contradicts the training labels: it is higher for label 0 than for label 1 (%.0f%% agree); is the "
                "second column of predict_proba the probability of label 1?",
                100 * ((scores > 0.5) == labels).mean(),
            )
        return rows
