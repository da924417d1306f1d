"""The demo's classifier: the paper's network, trained in few steps."""

from __future__ import annotations

from typing import Any

from carla_genre.protocol.classifier import ProtocolClassifier, TwoClasses, fit_network, initial_network
from carla_genre.protocol.data import input_columns

BATCH, EPOCHS, STEPS = 1024, 10, 600  # the steps are for small data: more epochs of smaller batches


def train_classifier(data: Any, seed: int) -> ProtocolClassifier:
    """Train h on ``data.df_train``, in a second or two."""
    n_rows, columns = len(data.df_train), input_columns(data)
    batch_size = min(BATCH, max(32, n_rows // 32))
    epochs = EPOCHS if batch_size == BATCH else max(EPOCHS, STEPS * batch_size // n_rows)
    logit = initial_network(len(columns), seed)
    fit_network(logit, data, columns, False, epochs, batch_size, learning_rate=0.005, verbose=True)
    return ProtocolClassifier(data, columns, TwoClasses(logit))
