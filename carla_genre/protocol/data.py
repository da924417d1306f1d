"""A data set as the paper has it: its roles, train-only scaling, and labels that can be drawn again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from carla_genre.datasets import load_dataset
from carla_genre.errors import InputError

if TYPE_CHECKING:
    from carla_genre.datasets.catalog import FrameCatalog

# Data set -> whether h is trained with balanced sample weights.
BALANCED = {"adult": True, "compas": True, "heloc": False}


def load_protocol_data(name: str, root: str | os.PathLike[str] | None = None) -> FrameCatalog:
    """Load a data set with the paper's roles and the original labels.

    The catalog's ``df`` has the train rows only: what a method may look at holds no test row. The test
    rows' index goes on where the train rows' ends.

    Parameters
    ----------
    name : {"adult", "compas", "heloc"}
        Data set.
    root : path, optional
        Where CARLA's CSVs lie; else the folder named by ``CF_DATA``, else ``~/cf-data``.
    """
    if name not in BALANCED:
        raise InputError(f"no data set {name!r} in the paper; there are {sorted(BALANCED)}")
    data = load_dataset(name, root=root, roles="paper")
    train, test = data.df_train.reset_index(drop=True), data.df_test
    test = test.set_axis(pd.RangeIndex(len(train), len(train) + len(test)))
    _replace(data, train, test)
    columns = input_columns(data)
    if len(columns) != len(data.continuous) + len(data.categorical):
        raise InputError(f"the paper's data have one column a feature; {name} has {columns}")
    return data


def input_columns(data: FrameCatalog) -> list[str]:
    """The encoded columns without the label, in the order of the file."""
    return [str(column) for column in data.df_train.columns if column != data.target]


def relabel(data: FrameCatalog, train: np.ndarray, test: np.ndarray) -> None:
    """Replace the labels of the train and of the test rows."""
    _replace(
        data,
        data.df_train.assign(**{data.target: np.asarray(train).astype(int)}),
        data.df_test.assign(**{data.target: np.asarray(test).astype(int)}),
    )


def _replace(data: FrameCatalog, train: pd.DataFrame, test: pd.DataFrame) -> None:
    # CARLA's catalog hands out copies of these three, and has no way to set them.
    data._df, data._df_train, data._df_test = train.copy(), train, test
