"""The logit of h as a network of ReLU layers, and its least value when every parameter may move a little."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from carla_genre.errors import InputError

# How far the probabilities may be from predict_proba's: single precision.
SAME_PROBABILITY = 1e-4


class Layer(NamedTuple):
    """Weights (outputs, inputs) and biases (outputs,)."""

    weights: np.ndarray
    biases: np.ndarray


class ReLULayers:
    """A logit W_n relu(... relu(W_1 x + b_1)) + b_n of the classifier's columns.

    Parameters
    ----------
    layers : sequence of Layer
        The last one has one output.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = tuple(layers)

    @classmethod
    def of(cls, raw_model: Any, rows: np.ndarray, probabilities: np.ndarray, name: str) -> ReLULayers:
        """The layers of a torch network or of scikit-learn's logistic regression.

        Parameters
        ----------
        raw_model : object
            What has learnt.
        rows : ndarray (n, C)
            Some rows, and h of them, ``probabilities`` (n,), which the layers have to give.
        name : str
            The method's, for the error.

        Raises
        ------
        InputError
            The classifier is another one, or does not compute what its layers do.
        """
        layers = _layers(raw_model)
        if layers is not None:
            found = cls(layers)
            h = torch.sigmoid(torch.from_numpy(found.logits(rows))).numpy()
            if np.abs(h - probabilities).max(initial=0.0) <= SAME_PROBABILITY:
                return found
        raise InputError(
            f"{name}: h must be a torch network of linear layers with ReLU between them, or scikit-learn's "
            f"LogisticRegression, got {type(raw_model).__name__}: its parameters are what may move"
        )

    def logits(self, rows: np.ndarray) -> np.ndarray:
        """(n, C) -> (n,)."""
        last = self.layers[-1]
        logits: np.ndarray = self.last_nodes(rows) @ np.append(last.weights[0], last.biases[0])
        return logits

    def last_nodes(self, rows: np.ndarray) -> np.ndarray:
        """What the last layer reads, and a 1 for its bias: (n, C) -> (n, nodes + 1)."""
        nodes = np.asarray(rows, dtype=float)
        for layer in self.layers[:-1]:
            nodes = np.maximum(nodes @ layer.weights.T + layer.biases, 0)
        return np.concatenate([nodes, np.ones((len(nodes), 1))], axis=1)

    def least_logits(self, rows: np.ndarray, delta: float) -> np.ndarray:
        """A bound from below of the logits when each weight and bias moves by at most delta: (n, C) -> (n,).

        By interval arithmetic from layer to layer: exact with at most one hidden layer, below the exact least with more
        of them. So what it shows to be accepted is accepted by all those networks.
        """
        low = high = np.asarray(rows, dtype=float)
        for number, (weights, biases) in enumerate(self.layers):
            small, large = weights - delta, weights + delta
            if number == 0:  # a point, of any sign
                middle, spread = (
                    low @ weights.T + biases,
                    delta * (np.abs(low).sum(axis=1, keepdims=True) + 1),
                )
                low, high = middle - spread, middle + spread
            else:  # nodes are not negative
                low, high = (
                    low @ np.maximum(small, 0).T + high @ np.minimum(small, 0).T + biases - delta,
                    high @ np.maximum(large, 0).T + low @ np.minimum(large, 0).T + biases + delta,
                )
            if number < len(self.layers) - 1:
                low, high = np.maximum(low, 0), np.maximum(high, 0)
        return low[:, 0]


def _layers(raw_model: Any) -> list[Layer] | None:
    """The linear layers in their order, of which the last gives one logit; None where there are none."""
    if hasattr(raw_model, "coef_") and hasattr(raw_model, "intercept_"):
        weights = np.asarray(raw_model.coef_, dtype=float)
        return (
            [Layer(weights, np.asarray(raw_model.intercept_, dtype=float))] if weights.shape[0] == 1 else None
        )
    if not isinstance(raw_model, nn.Module):
        return None
    linear = [module for module in raw_model.modules() if isinstance(module, nn.Linear)]
    if not linear or any(one.out_features != two.in_features for one, two in pairwise(linear)):
        return None
    layers = [
        Layer(_array(m.weight), np.zeros(m.out_features) if m.bias is None else _array(m.bias))
        for m in linear
    ]
    weights, biases = layers[-1]
    if len(biases) == 2:  # of the two classes' logits, their difference
        layers[-1] = Layer(weights[1:] - weights[:1], biases[1:] - biases[:1])
    return layers if len(layers[-1].biases) == 1 else None


def _array(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().cpu().double().numpy()
    return array
