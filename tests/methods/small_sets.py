"""Adult, COMPAS and HELOC with a few hundred rows and a classifier each, for tests over all methods."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import pandas as pd

from carla_genre import load_dataset
from carla_genre.methods.core.random_state import global_random_state_kept, seed_global_random_state
from carla_genre.protocol.classifier import ProtocolClassifier, TwoClasses, fit_network, initial_network

NAMES = ("adult", "compas", "heloc")


@lru_cache(maxsize=3)
def small_set(name: str, root: str) -> tuple[Any, pd.DataFrame]:
    """A pytorch classifier on 600 training rows with the paper's roles, and six rows it denies."""
    data = _shortened(load_dataset(name, root=os.fspath(root), roles="paper"))
    columns = [str(column) for column in data.df_train.columns if column != data.target]
    logit = initial_network(len(columns), seed=42)
    fit_network(logit, data, columns, balanced=True, epochs=30, batch_size=32)
    mlmodel = ProtocolClassifier(data, columns, TwoClasses(logit))
    return mlmodel, denied(mlmodel)


@lru_cache(maxsize=3)
def small_forest(name: str, root: str) -> tuple[Any, pd.DataFrame]:
    """The same with CARLA's own forest."""
    from carla import MLModelCatalog

    data = _shortened(load_dataset(name, root=os.fspath(root), roles="paper"))
    mlmodel = MLModelCatalog(data, "forest", backend="sklearn", load_online=False)
    with global_random_state_kept():  # CARLA's forest takes its random numbers from there
        seed_global_random_state(0)
        mlmodel.train(max_depth=3, n_estimators=5, force_train=True)
    return mlmodel, denied(mlmodel)


def denied(mlmodel: Any, n: int = 6) -> pd.DataFrame:
    """The first n test rows that it denies."""
    test = mlmodel.data.df_test
    probability = mlmodel.predict_proba(test[mlmodel.feature_input_order])
    return test[probability[:, 1] <= 0.5].head(n)


def _shortened(data: Any) -> Any:
    # CARLA's catalogs hand out copies of these three, and have no way to set them.
    train = data.df_train.sample(600, random_state=0)
    data._df, data._df_train, data._df_test = train.copy(), train, data.df_test.head(400)
    return data
