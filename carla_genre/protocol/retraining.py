"""h trained again: on other rows, or from another random state. What an answer should survive.

others = retrained(setting, n=5)
FutureValidity(setting.mlmodel, {"classifiers": others}).get_evaluation(setting.factuals, answers)
"""

from __future__ import annotations

import os
from typing import Literal

import numpy as np

from carla_genre.errors import InputError
from carla_genre.protocol.classifiers import train_by_name
from carla_genre.protocol.data import input_columns, with_train_rows
from carla_genre.protocol.setting import Setting

from carla.models.api import MLModel


def retrained(
    setting: Setting,
    n: int = 5,
    seed: int = 0,
    rows: Literal["bootstrap", "same"] = "bootstrap",
    epochs: int = 100,
    cache: str | os.PathLike[str] | None = None,
    verbose: bool = False,
) -> list[MLModel]:
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
        What changes: the training rows, drawn with replacement, as many as there are, while the seed stays that of h;
        or the seed, while the rows stay: the initial weights of a network, the random state of trees. A classifier
        that uses no chance is then the same each time, as boosting is on at most 10,000 rows (on more, scikit-learn
        keeps some apart, drawn at random, to know when to stop).
    epochs : int
        Of a network; 100 in the paper.
    cache : path, optional
        Folder to keep them in, by content (:mod:`carla_genre.protocol.cache`), as ``prepare`` keeps h.
    verbose : bool
        Show bars.

    Returns
    -------
    list of MLModel
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
    data, classifiers = setting.data, []
    for number in range(n):
        random, own_seed, train = np.random.default_rng((seed, number)), setting.seed, data.df_train
        if rows == "bootstrap":
            train = train.iloc[random.integers(0, len(train), len(train))]
        else:
            own_seed = int(random.integers(1 << 32))
        part, columns = with_train_rows(data, train), input_columns(data)
        mlmodel, _ = train_by_name(
            setting.classifier, part, columns, setting.balanced, own_seed, cache, epochs, verbose
        )
        mlmodel.data = data
        classifiers.append(mlmodel)
    return classifiers
