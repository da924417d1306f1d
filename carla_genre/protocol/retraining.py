"""h trained again: on other rows, or from other initial weights. What an answer should survive.

others = retrained(setting, n=5)
FutureValidity(setting.mlmodel, {"classifiers": others}).get_evaluation(setting.factuals, answers)
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import numpy as np

from carla_genre.errors import InputError
from carla_genre.protocol.cache import content_key, kept_weights
from carla_genre.protocol.classifier import ProtocolClassifier, TwoClasses, fit_network, initial_network
from carla_genre.protocol.data import input_columns
from carla_genre.protocol.setting import Setting


def retrained(
    setting: Setting,
    n: int = 5,
    seed: int = 0,
    rows: Literal["bootstrap", "same"] = "bootstrap",
    epochs: int = 100,
    cache: str | os.PathLike[str] | None = None,
    verbose: bool = False,
) -> list[ProtocolClassifier]:
    """Train the protocol's h again, n times, otherwise as it was.

    Parameters
    ----------
    setting : Setting
        Of the h to train again; left as it is.
    n : int
        Classifiers, 1 or more.
    seed : int
        Of what changes. The first classifiers do not depend on n.
    rows : {"bootstrap", "same"}
        What changes: the training rows, drawn with replacement, as many as there are, while the initial weights stay
        those of h; or the initial weights, while the rows stay.
    epochs : int
        100 in the paper.
    cache : path, optional
        Folder to keep them in, by content (:mod:`carla_genre.protocol.cache`), as ``prepare`` keeps h.
    verbose : bool
        Show bars.

    Returns
    -------
    list of ProtocolClassifier
        On the setting's data.

    Raises
    ------
    InputError
        n is less than 1, or ``rows`` is neither.
    """
    if n < 1:
        raise InputError(f"n must be 1 or more, it is {n}")
    if rows not in ("bootstrap", "same"):
        raise InputError(f"rows must be 'bootstrap' or 'same', it is {rows!r}")
    folder = None if cache is None else Path(cache).expanduser()
    return [_again(setting, (seed, number), rows, epochs, folder, verbose) for number in range(n)]


def _again(
    setting: Setting, seed: tuple[int, int], rows: str, epochs: int, folder: Path | None, verbose: bool
) -> ProtocolClassifier:
    data, columns = setting.data, input_columns(setting.data)
    random, train, weights_seed = np.random.default_rng(seed), data.df_train, setting.seed
    if rows == "bootstrap":
        train = train.iloc[random.integers(0, len(train), len(train))]
    else:
        weights_seed = int(random.integers(1 << 32))
    logit = initial_network(len(columns), weights_seed)

    def fit() -> dict[str, float]:
        learnt = SimpleNamespace(df_train=train, target=data.target)
        fit_network(logit, learnt, columns, setting.balanced, epochs, verbose=verbose)
        return {}

    key = content_key("h", train, data.target, setting.balanced, weights_seed, epochs)
    kept_weights(folder, key, logit, fit)
    return ProtocolClassifier(data, columns, TwoClasses(logit))
