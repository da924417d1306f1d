"""Classifiers of encoded columns behind CARLA's interface, and the training of the paper's network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.utils.class_weight import compute_sample_weight
from torch import nn

from carla_genre.progress import bar
from carla_genre.schema.reading import group_columns
from carla_genre.threads import processor_threads  # carla_genre before carla

from carla.models.api import MLModel

HIDDEN = (10, 10, 10)


class TwoClasses(nn.Module):
    """A network with one logit, as CARLA's methods want it: (B, d) -> (B, 2), [1 - p, p]."""

    def __init__(self, logit: nn.Module) -> None:
        super().__init__()
        self.logit = logit

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        accepted = torch.sigmoid(self.logit(x))
        return torch.cat([1 - accepted, accepted], dim=1)


class EncodedModel(MLModel):
    """A classifier of encoded columns behind CARLA's interface; a subclass says its backend and its probabilities.

    Parameters
    ----------
    data : carla.data.api.Data
        Encoded data; its ``df_train`` holds the labels to learn.
    columns : sequence of str
        The input's columns, in order.
    model : object
        What has learnt.
    """

    def __init__(self, data: Any, columns: Sequence[str], model: Any) -> None:
        super().__init__(data)
        self._columns = list(columns)
        self._model = model

    @property
    def feature_input_order(self) -> list[str]:
        return self._columns

    @property
    def raw_model(self) -> Any:
        return self._model

    def _inputs(self, x: Any) -> np.ndarray:
        """Rows in single precision; a frame's columns in order, which takes longer than a network's answer."""
        if isinstance(x, pd.DataFrame) and x.columns.tolist() != self._columns:
            x = self.get_ordered_features(x)  # type: ignore[no-untyped-call]
        return np.asarray(x, dtype=np.float32)

    def predict(self, x: Any) -> Any:
        """(B, 1): the probability of acceptance."""
        return self.predict_proba(x)[:, 1:]

    def get_mutable_mask(self) -> np.ndarray:
        """Which of ``feature_input_order`` may change, bool (d,); CARLA's own fails on a one-hot group."""
        groups = group_columns(self.data, self._columns)
        frozen = {column for name in self.data.immutables for column in groups.get(name, ())}
        return np.array([column not in frozen for column in self._columns])


class ProtocolClassifier(EncodedModel):
    """A network: d-10-10-10-1, ReLU, sigmoid in the paper.

    Parameters
    ----------
    data, columns
        As :class:`EncodedModel` takes them.
    network : torch.nn.Module
        (B, d) -> (B, 2), the probabilities.
    """

    def __init__(self, data: Any, columns: Sequence[str], network: nn.Module) -> None:
        super().__init__(data, columns, network.eval())

    @property
    def backend(self) -> str:
        return "pytorch"

    def predict_proba(self, x: Any) -> Any:
        """(B, 2): a tensor for a tensor (with its gradient), else an array."""
        if isinstance(x, torch.Tensor):
            return self._model(x)
        with torch.no_grad():
            return self._model(torch.tensor(self._inputs(x))).numpy()


class SklearnClassifier(EncodedModel):
    """A classifier of scikit-learn's; it has no gradient."""

    @property
    def backend(self) -> str:
        return "sklearn"

    def predict_proba(self, x: Any) -> np.ndarray:
        """(B, 2), an array."""
        probabilities: np.ndarray = self._model.predict_proba(self._inputs(x))
        return probabilities


def initial_network(width: int, seed: int, hidden: Sequence[int] = HIDDEN) -> nn.Sequential:
    """The untrained network, (B, width) -> (B, 1), a logit."""
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for size in hidden:
            layers += [nn.Linear(width, size), nn.ReLU()]
            width = size
        layers.append(nn.Linear(width, 1))
    return nn.Sequential(*layers)


def fit_network(
    logit: nn.Module,
    data: Any,
    columns: Sequence[str],
    balanced: bool,
    epochs: int = 100,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    verbose: bool = False,
) -> None:
    """Train h in place: Adam, binary cross entropy, the rows in the file's order in every epoch, last epoch kept.

    ``logit`` is of :func:`initial_network`; ``data.df_train`` holds the rows of the input ``columns`` and the labels;
    ``balanced`` weighs both classes equally. The paper has the defaults.
    """
    train = data.df_train
    labels = train[data.target].to_numpy()
    weight = compute_sample_weight("balanced" if balanced else None, labels)
    x, y, w = (
        torch.tensor(np.asarray(part, dtype=np.float32)) for part in (train[list(columns)], labels, weight)
    )
    # These products are too small to share: a second thread only costs. Fused Adam takes half the time.
    with processor_threads(1):
        optimizer = torch.optim.Adam(logit.parameters(), lr=learning_rate, fused=True)
        batches = list(zip(x.split(batch_size), y.split(batch_size), w.split(batch_size), strict=True))
        with bar("train h", epochs, verbose) as done:
            for _ in range(epochs):
                for x_batch, y_batch, w_batch in batches:
                    optimizer.zero_grad()
                    loss = nn.functional.binary_cross_entropy_with_logits(
                        logit(x_batch).squeeze(1), y_batch, w_batch
                    )
                    loss.backward()
                    optimizer.step()
                done.advance()
