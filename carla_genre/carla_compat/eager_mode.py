"""TensorFlow's two ways of computing, and how Keras 3, which knows only the eager one, is used from the other.

CARLA was written for TensorFlow 1, where everything is a graph. Its Keras models are kept eager here whatever the
process around them does: a user may have turned eager mode off, or may be inside a graph of his own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import numpy as np

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


@contextmanager
def eager_mode() -> Iterator[None]:
    """Compute eagerly within this block, and as before after it."""
    import tensorflow as tf

    if tf.executing_eagerly():
        yield
        return
    from tensorflow.python.eager import context  # there is no public way out of a graph

    with context.eager_mode():
        yield


def eagerly(function: FunctionT) -> FunctionT:
    """Let a function compute eagerly whenever it is called."""

    @wraps(function)
    def computed(*args: Any, **options: Any) -> Any:
        with eager_mode():
            return function(*args, **options)

    return computed  # type: ignore[return-value]


def in_graph(model: Any, tensor: Any) -> Any:
    """Output of a Keras model for a tensor of a version-1 graph, differentiable by the tensor.

    The model has one input and one output; its weights enter the graph as constants, since Keras 3 keeps its variables
    outside of any graph. The tensor, or variable, (B, D), is of the graph that is the default one now.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    tensor = tf.convert_to_tensor(tensor)
    with eager_mode():
        function = tf.function(lambda inputs: model(inputs, training=False))
        traced = function.get_concrete_function(tf.TensorSpec(tensor.shape, tensor.dtype))
        constant = convert_variables_to_constants_v2(traced)
    (output,) = tf.graph_util.import_graph_def(
        constant.graph.as_graph_def(),
        input_map={constant.inputs[0].name: tensor},
        return_elements=[constant.outputs[0].name],
        name=model.name,
    )
    return output


#: Rows that go through the network at once.
BLOCK = 65_536


def probabilities(model: Any, rows: Any) -> np.ndarray:
    """Output of a Keras classifier for a frame, an array or an eager tensor, shape (N, 2), `BLOCK` rows at a time."""
    import tensorflow as tf

    with eager_mode():
        values = np.asarray(rows, dtype=np.float32)
        blocks = [values[start : start + BLOCK] for start in range(0, max(len(values), 1), BLOCK)]
        return np.concatenate([np.asarray(model(tf.constant(block), training=False)) for block in blocks])
