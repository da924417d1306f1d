"""Probabilities of a Keras classifier, without what `Model.predict` does around them."""

from __future__ import annotations

from typing import Any

import numpy as np

from carla_genre.carla_compat.eager_mode import eager_mode

#: Rows that go through the network at once.
BLOCK = 65_536


def probabilities(model: Any, rows: Any) -> np.ndarray:
    """Output of a Keras classifier for a frame, an array or an eager tensor, shape (N, 2), `BLOCK` rows at a time."""
    import tensorflow as tf

    with eager_mode():
        values = np.asarray(rows, dtype=np.float32)
        blocks = [values[start : start + BLOCK] for start in range(0, max(len(values), 1), BLOCK)]
        return np.concatenate([np.asarray(model(tf.constant(block), training=False)) for block in blocks])
